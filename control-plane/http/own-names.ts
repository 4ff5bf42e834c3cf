import ipaddr from 'ipaddr.js';
import type { Context } from 'koa';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';

export interface OwnNamesOptions {
  /** PUBLIC_URL and CORS_ORIGIN: the hosts of these count as the own machine. */
  readonly origins: readonly string[];
}

/**
 * Names that certainly mean this machine. The owner of any other name can point it to 127.0.0.1 (DNS rebinding); a page of that name
 * then has the same origin as the server.
 */
export class OwnNames {
  readonly #hosts: ReadonlySet<string>;
  /** CORS_ORIGIN `*`: pages of any site may read anyway. */
  readonly #isReadByAll: boolean;

  constructor({ origins }: OwnNamesOptions) {
    this.#isReadByAll = origins.includes('*');
    const hosts = origins.filter((origin) => URL.canParse(origin)).map((origin) => new URL(origin).host);
    this.#hosts = new Set(hosts.map(nameOf).filter((host) => host !== undefined));
  }

  /** @param host as in the header `Host`: with or without a port */
  has(host: string): boolean {
    const name = nameOf(host);
    if (name === undefined) return false;
    return isLoopbackName(name) || isAddress(name) || this.#hosts.has(name);
  }

  /** A client without a `Host`, which speaks HTTP/1.0, is no browser. @throws LogplaneError `forbidden` */
  check({ req }: Pick<Context, 'req'>, what: 'read' | 'change'): void {
    const target = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(req.url ?? '')?.[1];
    for (const host of [req.headers.host, target]) {
      if (host === undefined || (what === 'read' && this.#isReadByAll) || this.has(host)) continue;
      throw new LogplaneError(
        'forbidden',
        `Host: expected localhost or an address, got "${host}". Set PUBLIC_URL to the URL that browsers use for ` +
          `this server, or set ${what === 'read' ? 'READ_TOKEN' : 'ADMIN_TOKEN'}`,
      );
    }
  }
}

/** The host as a browser writes it, without port and last dot: `2130706433` is `127.0.0.1`. */
function nameOf(host: string): string | undefined {
  if (!/^[\w.:[\]%-]+$/.test(host)) return undefined;
  // A zone says through which interface an address is reached; URLs have none.
  const address = `http://${host.replace(/%[\w.%-]*\]/, ']')}`;
  return URL.canParse(address) ? new URL(address).hostname.replace(/\.$/, '') : undefined;
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

function isAddress(name: string): boolean {
  return ipaddr.isValid(name.replace(/^\[|\]$/g, ''));
}

/** True where HOST is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  const name = nameOf(host.includes(':') ? `[${host}]` : host) ?? '';
  if (isLoopbackName(name)) return true;
  return isAddress(name) && ipaddr.process(name.replace(/^\[|\]$/g, '')).range() === 'loopback';
}
