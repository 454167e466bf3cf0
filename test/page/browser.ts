/** Debian's Chromium through playwright-core: one browser for all pages of a run. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'

export const chromiumPath = '/usr/bin/chromium'

/** Why page tests cannot run here; false when they can. */
export const noBrowser: string | false = existsSync(chromiumPath)
  ? false
  : `needs Debian's chromium at ${chromiumPath}`

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    // Chromium refuses its own sandbox as root; the page under test is ours.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  })
}

export const sizes = {
  wide: { width: 1440, height: 900 },
  narrow: { width: 390, height: 844 },
} as const
export type SizeName = keyof typeof sizes

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** Console errors and uncaught exceptions so far. */
  readonly errors: string[]
}

/** A fresh context with the theme and size; `nowMs` fixes the page's clock for pictures. */
export async function openPage(
  browser: Browser,
  options: { readonly size: SizeName; readonly theme: 'dark' | 'light'; readonly nowMs?: number },
): Promise<OpenedPage> {
  const context = await browser.newContext({
    viewport: sizes[options.size],
    colorScheme: options.theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...(options.size === 'narrow' ? { hasTouch: true } : {}),
  })
  if (options.nowMs !== undefined) await context.clock.setFixedTime(options.nowMs)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('console', (message) => {
    // A refused answer is also a line of the browser's own; the page shows it, so it is no fault.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  return {
    page,
    context,
    errors,
    async [Symbol.asyncDispose]() {
      await context.close()
    },
  }
}
