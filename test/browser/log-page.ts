import type { Page } from 'playwright-core';

/** The lines that are drawn now, as their messages. */
export function shownLines(page: Page): Promise<string[]> {
  return page.locator('.line .message').allTextContents();
}

/** Waits until a line with this text is drawn. */
export async function waitForLine(page: Page, text: string): Promise<void> {
  await page.locator('.line', { hasText: text }).last().waitFor();
}

export async function waitForState(page: Page, state: string): Promise<void> {
  await page.locator('.state', { hasText: state }).waitFor();
}

/** Waits until so many lines are drawn, and gives their messages. */
export async function waitForCount(page: Page, count: number): Promise<string[]> {
  const lines = page.locator('.line');
  await lines.nth(count).waitFor({ state: 'detached' });
  await lines.nth(count - 1).waitFor();
  return shownLines(page);
}

const GO_THROUGH = `(async () => {
  const scroller = document.querySelector('.virtual');
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const found = new Map();
  scroller.scrollTop = 0;
  for (;;) {
    await frame();
    await frame();
    for (const line of document.querySelectorAll('.line')) {
      found.set(line.dataset.id, line.querySelector('.message').textContent);
    }
    const { scrollTop } = scroller;
    scroller.scrollTop += scroller.clientHeight / 2;
    if (scroller.scrollTop === scrollTop) return [...found.values()];
  }
})()`;

/** Goes through the whole list, half a screen at a time, and gives its messages in order. */
export function allLines(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(GO_THROUGH);
}

/** Parameters of the page's address. */
export function parametersOf(page: Page): URLSearchParams {
  return new URL(page.url()).searchParams;
}
