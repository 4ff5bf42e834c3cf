import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** Addresses that no webhook goes to without ALERT_WEBHOOK_ALLOW: loopback, private, link-local (cloud metadata), multicast, reserved. */
const REFUSED: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];

export interface CheckedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Its message says which address was refused, or that the name is unknown. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
}

export const ALLOW_FORM = 'hosts, addresses or networks such as hooks.example.com, 10.1.2.3 or 10.0.0.0/8';

/** True for an entry of ALERT_WEBHOOK_ALLOW that can be meant. */
export function isAllowEntry(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  const version = isIP(address);
  if (version === 0) return prefix === undefined && /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/.test(entry);
  if (rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

/**
 * Decides where webhooks may go. A host is resolved here and the connection is made to the very address that was looked at,
 * so that a name which changes its address in between leads nowhere else.
 */
export class WebhookGuard {
  readonly #refused = new BlockList();
  readonly #allowed = new BlockList();
  readonly #hosts: ReadonlySet<string>;

  /** @param allow entries for which `isAllowEntry` holds */
  constructor(allow: readonly string[]) {
    for (const [address, prefix] of REFUSED) this.#refused.addSubnet(address, prefix, familyOf(address));
    const hosts = new Set<string>();
    for (const entry of allow) {
      const [address = '', prefix] = entry.split('/');
      if (isIP(address) === 0) hosts.add(entry.toLowerCase());
      else if (prefix === undefined) this.#allowed.addAddress(address, familyOf(address));
      else this.#allowed.addSubnet(address, Number(prefix), familyOf(address));
    }
    this.#hosts = hosts;
  }

  /** The address to connect to for a host. @throws RefusedAddress */
  async resolve(hostname: string): Promise<CheckedAddress> {
    const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
    const found = await this.#addressesOf(host);
    const allowed = this.#hosts.has(host) ? found[0] : found.find(({ address }) => this.#mayReach(address));
    if (allowed) return allowed;
    const [first] = found;
    throw new RefusedAddress(
      first
        ? `${host} is ${first.address}, which ALERT_WEBHOOK_ALLOW does not name`
        : `the host ${host} is unknown`,
    );
  }

  async #addressesOf(host: string): Promise<CheckedAddress[]> {
    const version = isIP(host);
    if (version !== 0) return [{ address: host, family: version as 4 | 6 }];
    try {
      return (await lookup(host, { all: true })) as CheckedAddress[];
    } catch {
      return [];
    }
  }

  #mayReach(given: string): boolean {
    const address = embeddedIpv4(given) ?? given;
    const family = familyOf(address);
    return this.#allowed.check(address, family) || !this.#refused.check(address, family);
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** The IPv4 address that an address such as `::ffff:127.0.0.1` stands for. */
function embeddedIpv4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const { hostname } = new URL(`http://[${address.split('%')[0]}]`);
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  if (!mapped) return undefined;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
