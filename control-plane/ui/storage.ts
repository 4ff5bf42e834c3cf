/** What a page remembers in this browser. A browser that keeps nothing (or a full one) only forgets. */
export function remembered<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`logplane.${name}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`logplane.${name}`, JSON.stringify(value));
  } catch {
    // Nothing depends on it.
  }
}
