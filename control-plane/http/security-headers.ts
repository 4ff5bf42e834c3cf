import type { Middleware } from 'koa';

/**
 * Headers of every response: browsers must not guess its type, load or run anything for it, frame it, cache it or embed it in another
 * site. A page that needs more sets its own headers.
 */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

export const setSecurityHeaders: Middleware = (context, next) => {
  context.set(HEADERS);
  return next();
};
