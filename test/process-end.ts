const ends: (() => Promise<void>)[] = [];
let shares = false;

/** Whether several test files run in this process. */
export function sharesProcess(): boolean {
  return shares;
}

/** Called by what runs several test files in this process. */
export function shareProcess(): void {
  shares = true;
}

/** Ends something that test files of a process share, when the last one has ended. */
export function onProcessEnd(end: () => Promise<void>): void {
  ends.push(end);
}

export async function endProcess(): Promise<void> {
  for (const end of ends.splice(0)) await end();
}
