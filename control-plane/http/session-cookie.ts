import type { Context } from 'koa';
import { SESSION_SECONDS } from './sessions.ts';

export const SESSION_COOKIE = 'logplane_session';

export function sessionCookie(context: Context): string | undefined {
  return context.cookies.get(SESSION_COOKIE);
}

/** Scripts cannot read it, and no request that begins on another site carries it. */
export function setSessionCookie(context: Context, session: string): void {
  write(context, session, SESSION_SECONDS);
}

export function clearSessionCookie(context: Context): void {
  write(context, '', 0);
}

function write(context: Context, value: string, seconds: number): void {
  const secure = isEncrypted(context) ? '; Secure' : '';
  context.append(
    'Set-Cookie',
    `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
  );
}

/** True where TLS ends here or at the proxy in front. A client that forges the header only protects its own cookie. */
function isEncrypted(context: Context): boolean {
  return context.secure || context.get('X-Forwarded-Proto').split(',')[0]!.trim() === 'https';
}
