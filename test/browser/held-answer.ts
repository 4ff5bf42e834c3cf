import type { Route } from 'playwright-core';

/** Asks the server the next question at once, and gives its answer to the page when told to. */
export function holdNext() {
  let answer = () => {};
  let release = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  let isFirst = true;
  const take = async (route: Route) => {
    if (!isFirst) return route.continue();
    isFirst = false;
    const response = await route.fetch();
    answer();
    await released;
    await route.fulfill({ response });
  };
  return { answered, release, take };
}
