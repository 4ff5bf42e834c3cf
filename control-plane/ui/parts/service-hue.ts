const HUES = 8;
const known = new Map<string, number>();

/** One of eight colours that a service always has, so that its lines are found again among others. */
export function serviceHue(service: string): number {
  let hue = known.get(service);
  if (hue === undefined) {
    let hash = 0;
    for (const character of service) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
    hue = hash % HUES;
    known.set(service, hue);
  }
  return hue;
}
