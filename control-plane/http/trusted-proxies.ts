import ipaddr from 'ipaddr.js';
import type { Context, Middleware } from 'koa';

type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** The proxies in front of the server, whose `X-Forwarded-For`, `-Host` and `-Proto` are believed. */
export class TrustedProxies {
  readonly #networks: readonly Network[];

  /** @param entries addresses and networks, as the setting type `networks` takes them */
  constructor(entries: readonly string[]) {
    this.#networks = entries.map(networkOfEntry);
  }

  /**
   * Gives a request that comes by a trusted proxy the address, host and protocol that the proxy received: what guards, limits and logs look
   * at is then the client. Headers of everybody else are not looked at, because any client can write them.
   */
  readonly middleware: Middleware = async (context, next) => {
    const peer = context.req.socket.remoteAddress ?? '';
    if (this.#networks.length > 0 && this.#isTrusted(peer)) this.#readHeaders(context, peer);
    await next();
  };

  #readHeaders(context: Context, peer: string): void {
    // The nearest proxy stands last. Whatever stands before the first address that is no proxy may be invented by the client.
    const way = [...valuesOf(context, 'X-Forwarded-For').map(withoutPort), peer].reverse();
    const unknown = way.findIndex((address) => !this.#isTrusted(address));
    const hops = unknown === -1 ? way.length : unknown;
    const client = way[hops];
    context.request.ip = client !== undefined && ipaddr.isValid(client) ? client : way[hops - 1]!;
    // A proxy replaces these headers or appends to them, so that its own value is as far from the end as the proxy is.
    const own = (name: string) => {
      const values = valuesOf(context, name);
      return values[Math.max(0, values.length - hops)];
    };
    const host = own('X-Forwarded-Host');
    if (host !== undefined) context.req.headers.host = host;
    const protocol = own('X-Forwarded-Proto')?.toLowerCase();
    if (protocol === 'http' || protocol === 'https')
      Object.defineProperty(context.request, 'protocol', { value: protocol });
  }

  #isTrusted(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return this.#networks.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  }
}

function networkOfEntry(entry: string): Network {
  if (entry.includes('/')) return ipaddr.parseCIDR(entry);
  const address = ipaddr.process(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function valuesOf(context: Context, name: string): string[] {
  return context
    .get(name)
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

/** Some proxies write the port of the client too: `192.0.2.7:51234`, `[2001:db8::7]:51234`. */
function withoutPort(address: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
}
