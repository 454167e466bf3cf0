/** The page: every screen in every state, size and theme; and Live at 2,000 events a second for a minute. */
import { join } from 'node:path'
import type { Acceptance } from './harness/acceptance.ts'
import { runTestFile } from './harness/test-file.ts'

const sum = (told: readonly Record<string, unknown>[], name: string): number =>
  told.reduce((all, one) => all + Number(one[name] ?? 0), 0)

export const acceptances: readonly Acceptance[] = [
  {
    id: 'live-smooth',
    promise:
      'Unfiltered Live at 2,000 events/s says how many it did not draw, and stays smooth: 60 s without a frame above 200 ms',
    target: 'longest frame ≤ 200 ms',
    // The suite of the page runs it short.
    inTests: false,
    needsRoot: false,
    async run({ root }) {
      const { passed, failed, skipped, told } = await runTestFile(
        join(root, 'test/page/live-smooth.page.test.ts'),
        { HONEYGUIDE_SMOOTH_SECONDS: '60' },
      )
      const { frames, self } = (told[0] ?? {}) as {
        frames?: { longest: number; frames: number; over50: number }
        self?: { longest: number }
      }
      return {
        measured: frames
          ? `longest frame ${frames.longest} ms, over 50 ms ${frames.over50} of ${frames.frames}`
          : 'nothing: no browser, or no page',
        n: frames?.frames ?? 0,
        self: self ? `an empty page ${self.longest} ms` : '',
        pass: passed === 1 && failed.length === 0 && frames !== undefined && frames.longest <= 200,
        isVoid: skipped.some((reason) => reason.includes('void:')),
        details: [...failed, ...skipped],
      }
    },
  },
  {
    id: 'page-matrix',
    promise:
      'Every screen × {empty, loading, error, 10,000 rows, 4 KiB strings, right-to-left and control characters} × {1440, 390} × {light, dark}: no overflow, no console error, axe-core 0 serious',
    target: 'overflows 0, console errors 0, axe serious 0',
    inTests: false,
    needsRoot: false,
    async run({ root }) {
      const { failed, skipped, told } = await runTestFile(
        join(root, 'test/page/matrix.page.test.ts'),
      )
      const looks = sum(told, 'looks')
      const [overflows, errors, serious] = ['overflows', 'consoleErrors', 'axeSerious'].map(
        (name) => sum(told, name),
      )
      return {
        measured: `${looks} combinations: overflows ${overflows}, console errors ${errors}, axe serious ${serious}`,
        n: looks,
        pass: looks > 0 && failed.length === 0 && skipped.length === 0,
        details: [...failed, ...skipped],
      }
    },
  },
]
