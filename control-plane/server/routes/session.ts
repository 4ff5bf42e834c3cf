import { z } from 'zod';
import type { RouteFamily } from '../../http/api.ts';
import { type Auth, PERMISSIONS } from '../../http/auth.ts';

const SESSION = z
  .object({
    permissions: z.array(z.enum(PERMISSIONS)).describe('What requests with the same token or cookie may do'),
    required: z.boolean().describe('True where reading needs a token'),
  })
  .meta({ id: 'Session', examples: [{ permissions: ['read'], required: true }] });

/** Sign-in for browsers: the token is sent once. Then a cookie replaces it, which no script can read. */
export function addSessionRoutes(api: RouteFamily, { auth }: { readonly auth: Auth }): void {
  const required = !auth.isOpen('read');

  api.post(
    '/api/v1/session',
    {
      operationId: 'signIn',
      summary: 'Sign in with a token',
      description:
        'Sets the cookie `logplane_session` for the token. A change that uses the cookie also needs the header ' +
        '`X-Requested-With: logplane`.',
      requestBody: z.object({
        token: z
          .string()
          .min(1)
          .max(4096)
          .meta({ description: 'The read, ingest or admin token', examples: ['read-secret'] }),
      }),
      response: SESSION,
      errors: ['unauthorized', 'rate_limited'],
    },
    async (context, _parameters, { token }) => ({
      permissions: await auth.signIn(context, token),
      required,
    }),
  );

  api.get(
    '/api/v1/session',
    {
      operationId: 'getSession',
      summary: 'Get the permissions of the client',
      description:
        'Says what requests with this token or cookie may do, and whether reading needs a token at all.',
      response: SESSION,
      errors: ['rate_limited'],
    },
    async (context) => ({ permissions: await auth.permissionsOf(context), required }),
  );

  api.delete(
    '/api/v1/session',
    {
      operationId: 'signOut',
      summary: 'End the session',
      description:
        'Ends the session of the cookie and removes the cookie. Says what is permitted without it.',
      response: SESSION,
    },
    async (context) => ({ permissions: await auth.signOut(context), required }),
  );
}
