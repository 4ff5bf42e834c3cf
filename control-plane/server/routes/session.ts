import { z } from 'zod';
import type { RouteFamily } from '../../http/api.ts';
import { type Auth, RIGHTS } from '../../http/auth.ts';

const SESSION = z.object({
  rights: z.array(z.enum(RIGHTS)).describe('What requests with the same token or cookie may do'),
  required: z.boolean().describe('Reading needs a token'),
});

/** Sign-in for browsers: the token is sent once, then a cookie stands for it that no script can read. */
export function addSessionRoutes(api: RouteFamily, { auth }: { readonly auth: Auth }): void {
  const required = !auth.isOpen('read');

  api.post(
    '/api/v1/session',
    {
      summary: 'Signs in with a token',
      description:
        'Sets the cookie `logplane_session`. Changes by it also need the header `X-Requested-With: logplane`.',
      body: z.object({ token: z.string().min(1).max(4096) }),
      answer: SESSION,
      errors: ['unauthorized', 'too_many'],
    },
    async (context, _parameters, { token }) => ({ rights: await auth.signIn(context, token), required }),
  );

  api.get(
    '/api/v1/session',
    { summary: 'What the asker may do', answer: SESSION, errors: ['too_many'] },
    async (context) => ({ rights: await auth.rightsOf(context), required }),
  );

  api.delete('/api/v1/session', { summary: 'Ends the session', answer: SESSION }, async (context) => ({
    rights: await auth.signOut(context),
    required,
  }));
}
