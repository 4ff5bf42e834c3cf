import ipaddr from 'ipaddr.js';

/** What one caller has: an IPv4 address, or the /64 of an IPv6 address, in which it can choose any. */
export function networkOf(given: string): string {
  const text = given.split('%', 1)[0]!;
  if (!ipaddr.isValid(text)) return given;
  const address = ipaddr.process(text);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return address.parts.slice(0, 4).join(':');
}
