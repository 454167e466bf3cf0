/** Debian's Chromium through playwright-core: one browser for all pages of a run. */
import { existsSync } from 'node:fs'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type Page,
  type Request,
} from 'playwright-core'

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
  /**
   * Resolves when what the page asked of the hub is answered and drawn: for 200 ms no question was open, then the
   * page had nothing to do and drew two frames, without asking again. After `mostMs` at the latest, for a hub that
   * does not answer. The stream of Live is no question.
   */
  drawn(mostMs: number): Promise<void>
}

const quietMs = 200

/** Resolves when the page had nothing to do and drew two frames. */
export async function idle(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 5000 })),
  )
  await page.evaluate(
    () =>
      new Promise((resolve) =>
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(undefined))),
      ),
  )
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
  const asking = new Set<Request>()
  let asked = 0
  page.on('request', (request) => {
    // A page that was just gone to has asked nothing yet, however long it takes to begin.
    if (request.isNavigationRequest()) asked = 0
    const { pathname } = new URL(request.url())
    if (!pathname.startsWith('/api/') || pathname.endsWith('/live')) return
    asked += 1
    asking.add(request)
  })
  const answered = (request: Request): void => void asking.delete(request)
  page.on('requestfinished', answered).on('requestfailed', answered)
  return {
    page,
    context,
    errors,
    async drawn(mostMs) {
      const began = performance.now()
      const isLate = (): boolean => performance.now() - began >= mostMs
      let before: number
      do {
        let quiet = performance.now()
        while (performance.now() - quiet < quietMs && !isLate()) {
          await page.waitForTimeout(25)
          if (asking.size > 0 || asked === 0) quiet = performance.now()
        }
        before = asked
        // On a busy machine a page takes longer over an answer than that, and asks again.
        await idle(page)
      } while (asked !== before && !isLate())
    },
    async [Symbol.asyncDispose]() {
      await context.close()
    },
  }
}
