import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import type { Test } from 'tap';
import { onProcessEnd, sharesProcess } from '../process-end.ts';

/** Debian's Chromium, or undefined where there is none. */
export const CHROMIUM = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find((path) => existsSync(path));

/** For `t.test`: a suite without its browser skips itself. */
export const BROWSER_TEST = { skip: CHROMIUM ? false : 'Chromium is not installed' };

/** Headless, without a sandbox (tests run as root), and without the requests of its own that a browser makes. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface OpenPage {
  readonly page: Page;
  /** What the page complained of: errors of scripts and of its policy. */
  readonly complaints: string[];
  /** Addresses that were asked for. */
  readonly requests: string[];
}

export type OpenNewPage = (options?: BrowserContextOptions) => Promise<OpenPage>;

export function launchChromium() {
  return chromium.launch({ executablePath: CHROMIUM!, args: ARGUMENTS });
}

let shared: Promise<Browser> | undefined;

/** One for all test files of a process, because each start takes two seconds of CPU. */
function sharedBrowser(): Promise<Browser> {
  if (shared === undefined) {
    const launched = launchChromium();
    onProcessEnd(async () => (await launched).close());
    shared = launched;
  }
  return shared;
}

/** A browser whose pages end with the test; each page has a context of its own, and so nothing remembered. */
export async function startBrowser(t: Test): Promise<OpenNewPage> {
  const browser = await (sharesProcess() ? sharedBrowser() : launchChromium());
  const contexts: BrowserContext[] = [];
  t.teardown(async () => {
    for (const context of contexts) await context.close();
    if (!sharesProcess()) await browser.close();
  });
  return async (options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // An answer that is no success is the server's word, and the page's to show.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        complaints.push(message.text());
      }
    });
    page.on('request', (request) => requests.push(request.url()));
    return { page, complaints, requests };
  };
}
