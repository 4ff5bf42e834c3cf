import type { Middleware } from 'koa';

/**
 * What every answer tells a browser: it is of the type that it says, loads and runs nothing, stands in no frame, is
 * kept in no cache, and no other site may embed it. A page that needs more says so in its own headers.
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
