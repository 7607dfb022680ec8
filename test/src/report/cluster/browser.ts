import puppeteer, { type Browser, type Page } from 'puppeteer-core';

/** A page that was opened, and what it said on the console or asked of the network. */
export interface OpenedPage {
  readonly page: Page;
  readonly said: readonly string[];
}

/** A browser for the tests of a file. */
export interface TestBrowser {
  readonly browser: Browser;
  /** Opens a page from disk. */
  readonly open: (file: string, scheme?: string, width?: number) => Promise<OpenedPage>;
}

/** Starts a browser for the tests of a file, and ends it with them. */
export function useBrowser(): TestBrowser {
  let browser: Browser;
  beforeAll(async () => {
    browser = await puppeteer.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });
  return {
    get browser() {
      return browser;
    },
    open: async (file, scheme = 'light', width = 1280) => {
      const page = await browser.newPage();
      const said: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      page.on('pageerror', (error) => said.push(String(error)));
      page.on('dialog', (dialog) => said.push(dialog.message()));
      page.on('request', (request) => {
        if (request.url() !== `file://${file}` && request.url() !== 'data:,') said.push(request.url());
      });
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.goto(`file://${file}`, { waitUntil: 'load' });
      return { page, said };
    },
  };
}
