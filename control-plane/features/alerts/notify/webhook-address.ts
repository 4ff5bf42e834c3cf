import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The range of all global IPv6 addresses (IANA). Others, such as `::7f00:1`, are not routed or stand for another address. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** A public address at which Azure serves metadata to each machine. */
const AZURE_PLATFORM = '168.63.129.16';

export interface CheckedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** An address that webhooks must not use, or an unknown name; the message says which. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
}

export const ALLOW_FORM = 'hosts, addresses or networks such as hooks.example.com, 10.1.2.3 or 10.0.0.0/8';

/** True for a valid entry of ALERT_WEBHOOK_ALLOW. */
export function isAllowEntry(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  const version = isIP(address);
  if (version === 0) return prefix === undefined && /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/.test(entry);
  if (rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

/**
 * Decides where webhooks may go. A host is resolved here, and the connection is made to the address that was checked, so that a name
 * whose address changes in between cannot lead elsewhere.
 */
export class WebhookGuard {
  readonly #allowed = new BlockList();
  readonly #hosts: ReadonlySet<string>;

  /** @param allow entries for which `isAllowEntry` holds */
  constructor(allow: readonly string[]) {
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
    // `::ffff:10.1.2.3` is 10.1.2.3.
    const address = ipaddr.process(given.split('%', 1)[0]!);
    return this.#allowed.check(address.toString(), address.kind()) || isPublic(address);
  }
}

/** False for all special-purpose ranges: loopback, private, link-local (cloud metadata), multicast, reserved, IPv4 within IPv6, … */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const isGlobal = address instanceof ipaddr.IPv4 || address.match(GLOBAL_IPV6);
  return isGlobal && address.range() === 'unicast' && address.toString() !== AZURE_PLATFORM;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
