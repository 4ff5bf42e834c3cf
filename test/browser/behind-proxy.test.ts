import t from 'tap';
import { serve } from '../end-to-end/serve.ts';
import { NGINX_TEST, startNginx } from '../nginx-server.ts';
import { BROWSER_TEST, startBrowser } from './chromium.ts';
import { waitForLine, waitForState } from './log-page.ts';

t.test(
  'behind an nginx with TLS that passes on requests and nothing else',
  { skip: BROWSER_TEST.skip || NGINX_TEST.skip },
  async (t) => {
    const server = await serve(t, { READ_TOKEN: 'read-secret', ADMIN_TOKEN: 'admin-secret' });
    const url = await startNginx(t, `location / { proxy_pass ${server.url}; }`);
    const { page, complaints } = await (await startBrowser(t))({ ignoreHTTPSErrors: true });

    await page.goto(`${url}/api/v1/logs`);
    await page.getByLabel('Token').fill('admin-secret');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await waitForState(page, 'Live');
    await server.ingest([{ message: 'seen through the proxy', timestamp: new Date().toISOString() }]);
    await waitForLine(page, 'seen through the proxy');

    await page.goto(`${url}/ui/services`);
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByText(/Log sync completed|sync of local/).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    t.same(complaints, []);
  },
);
