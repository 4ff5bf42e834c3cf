import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { LogplaneError } from '../../pipeline/runtime/errors.ts';
import { refuseForgery } from './foreign-sites.ts';
import { type GivenToken, givenToken } from './given-token.ts';
import { GuessLimit } from './guess-limit.ts';
import type { KnownTokens } from './known-tokens.ts';
import type { OwnNames } from './own-names.ts';
import { clearSessionCookie, sessionCookie, setSessionCookie } from './session-cookie.ts';
import { Sessions, TOKEN_KINDS, type TokenKind } from './sessions.ts';

export interface AuthOptions {
  /** Unset: everybody who reaches the server may send. */
  readonly ingestToken: string | undefined;
  /** Unset: everybody who reaches the server may read. */
  readonly readToken: string | undefined;
  readonly adminToken: string;
  /** False on one's own machine without ADMIN_TOKEN: deletes and changes of rules then need no token. */
  readonly guardChanges: boolean;
  /** Set on one's own machine: what needs no token there is rejected under any other name. */
  readonly ownNames: OwnNames | undefined;
  /** PUBLIC_URL: changes with a session's cookie may also come from pages of this address. */
  readonly publicUrl?: string | undefined;
  /** BASE_PATH, under which browsers send the cookie. */
  readonly basePath?: string;
  /** Tokens that were used before. They are not guesses. */
  readonly known: KnownTokens;
}

/** What a route needs: `admin` always needs the token, `change` only where changes are guarded. */
export const PERMISSIONS = ['ingest', 'read', 'change', 'admin'] as const;
/** A permission that a token grants. */
export type GrantedPermission = (typeof PERMISSIONS)[number];
/** A `configuration` holds no secrets: agents read it with the ingest token, people with the read token. */
export type Permission = GrantedPermission | 'configuration';

export interface Auth {
  /** Lets a request pass that has the permission, by a token or by the cookie of a session. */
  require(permission: Permission): Middleware;
  /**
   * The same for a caller outside HTTP, by its token.
   * @throws LogplaneError `unauthorized`, and `rate_limited` for an address that guesses
   */
  check(permission: Permission, given: GivenToken | undefined, peer: string): void;
  /** True where nobody needs a token for it. */
  isOpen(permission: Permission): boolean;
  /** What a request may do. */
  permissionsOf(context: Context): Promise<GrantedPermission[]>;
  /** Opens a session for a token and sets its cookie. @throws LogplaneError `unauthorized`, `rate_limited` */
  signIn(context: Context, token: string): Promise<GrantedPermission[]>;
  /** Ends the session of the cookie. @throws LogplaneError `forbidden` where another site may have caused it */
  signOut(context: Context): Promise<GrantedPermission[]>;
}

export function createAuth({
  ingestToken,
  readToken,
  adminToken,
  guardChanges,
  ownNames,
  publicUrl,
  basePath = '',
  known,
}: AuthOptions): Auth {
  const tokens = { ingest: ingestToken, read: readToken, admin: adminToken };
  const sessions = new Sessions(tokens);
  const guesses = new GuessLimit();
  const open: Readonly<Record<Permission, boolean>> = {
    ingest: ingestToken === undefined,
    read: readToken === undefined,
    configuration: readToken === undefined,
    change: !guardChanges,
    admin: false,
  };
  const grants = (kind: TokenKind, permission: Permission) =>
    kind === 'admin' ||
    kind === permission ||
    (permission === 'configuration' && (kind === 'read' || kind === 'ingest'));
  // One token may be set for several permissions.
  const allows = (kind: TokenKind | undefined, permission: Permission) =>
    open[permission] ||
    (kind !== undefined &&
      TOKEN_KINDS.some((name) => tokens[name] === tokens[kind] && grants(name, permission)));
  const permissionsWith = (kind: TokenKind | undefined) =>
    PERMISSIONS.filter((permission) => allows(kind, permission));

  /** The kind of a token; undefined for an unknown one. */
  const recognize = ({ text, isForAdmin }: GivenToken, peer: string) => {
    // All are compared, so that the time reveals nothing.
    const [kind] = TOKEN_KINDS.filter((name) => tokens[name] !== undefined && sameToken(tokens[name], text));
    if (kind === undefined || !known.has(text)) guesses.check(peer, text, kind !== undefined);
    if (kind !== undefined) known.add(text);
    return isForAdmin && kind !== undefined && tokens[kind] !== adminToken ? undefined : kind;
  };
  const check = (permission: Permission, given: GivenToken | undefined, peer: string) => {
    if (open[permission]) return;
    if (given === undefined) throw unauthorized('missing', permission);
    if (!allows(recognize(given, peer), permission)) throw unauthorized('invalid', permission);
  };
  const sessionOf = async (context: Context) => {
    const cookie = sessionCookie(context);
    return cookie === undefined ? undefined : sessions.read(cookie);
  };

  return {
    require: (permission) => async (context, next) => {
      if (permission !== 'ingest' && open[permission]) {
        ownNames?.check(context, permission === 'change' ? 'change' : 'read');
      }
      const given = tokenOf(context);
      const kind = given === undefined && !open[permission] ? await sessionOf(context) : undefined;
      if (kind === undefined) check(permission, given, context.ip);
      else if (allows(kind, permission)) refuseForgery(context, publicUrl);
      else throw unauthorized('signed in without the', permission);
      await next();
    },

    check,

    isOpen: (permission) => open[permission],

    async permissionsOf(context) {
      const given = tokenOf(context);
      return permissionsWith(given === undefined ? await sessionOf(context) : recognize(given, context.ip));
    },

    async signIn(context, token) {
      const kind = recognize({ text: token, isForAdmin: false }, context.ip);
      if (kind === undefined)
        throw new LogplaneError(
          'unauthorized',
          'token: expected the read, ingest or admin token of this server',
        );
      setSessionCookie(context, await sessions.open(kind), basePath);
      return permissionsWith(kind);
    },

    async signOut(context) {
      const cookie = sessionCookie(context);
      if (cookie !== undefined) {
        refuseForgery(context, publicUrl);
        await sessions.end(cookie);
      }
      clearSessionCookie(context, basePath);
      return permissionsWith(undefined);
    },
  };
}

/** The texts of requirements 3. */
function unauthorized(what: string, permission: Permission): LogplaneError {
  return new LogplaneError('unauthorized', `${what} ${permission === 'change' ? 'admin' : permission} token`);
}

function tokenOf(context: Context): GivenToken | undefined {
  return givenToken((name) => context.get(name));
}

/** Compares in a time that reveals nothing about either token; hashing makes the lengths equal. */
function sameToken(a: string, b: string): boolean {
  const hash = (token: string) => createHash('sha256').update(token).digest();
  return timingSafeEqual(hash(a), hash(b));
}
