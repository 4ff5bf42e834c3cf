import type { Context } from 'koa';
import { SESSION_SECONDS } from './sessions.ts';

export const SESSION_COOKIE = 'logplane_session';

export function sessionCookie(context: Context): string | undefined {
  return context.cookies.get(SESSION_COOKIE);
}

/** Scripts cannot read it, no other program of the same name gets it where there is a base path, and no request that begins on another site carries it. */
export function setSessionCookie(context: Context, session: string, basePath: string): void {
  write(context, session, SESSION_SECONDS, basePath);
}

export function clearSessionCookie(context: Context, basePath: string): void {
  write(context, '', 0, basePath);
}

function write(context: Context, value: string, seconds: number, basePath: string): void {
  const secure = isEncrypted(context) ? '; Secure' : '';
  context.append(
    'Set-Cookie',
    `${SESSION_COOKIE}=${value}; Path=${basePath}/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
  );
}

/**
 * True where TLS ends here or at the proxy in front, by the word of the proxy or of the page. A client that forges a header only protects
 * its own cookie.
 */
function isEncrypted(context: Context): boolean {
  const proxied = context.get('X-Forwarded-Proto').split(',')[0]!.trim();
  return context.secure || proxied === 'https' || context.get('Origin').startsWith('https://');
}
