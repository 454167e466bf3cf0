/** Terminate: how a process ended, and what it used. */
import { integerColumn, plainColumn } from '../column-reader.ts'
import { milliseconds, type Refer } from '../context.ts'
import { imageFlagWords } from '../flag-words.ts'
import { imageDetail } from '../lifecycle.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

export const exitNormaliser: TableNormaliser<'exit'> = {
  table: 'exit',
  ring: 'l',
  kind: () => 'exit',
  readers(context, table) {
    const { lineage, references } = context
    const c = table.columns
    const own: Refer = context.actor(c)
    const parent: Refer = (row) => {
      const image = own(row)?.image
      const found = image && lineage.parent(image)
      return found ? references.ofImage(found) : null
    }
    return {
      ...context.eventColumns('l', c, () => 'exit'),
      ...imageDetail(context, own),
      ...context.processColumns('process', own),
      process_created_time: () => plainColumn((row) => context.wallText(c.startNs[row] ?? 0n)),
      // The image's own words and those of the exit row, whose bit 0 is another one (core dumped).
      process_flags: () =>
        plainColumn((row) => {
          const words = imageFlagWords((own(row)?.image?.flags ?? 0) | ((c.flags[row] ?? 0) & ~1))
          return (c.flags[row] ?? 0) & 1
            ? words === ''
              ? 'core dumped'
              : `${words}, core dumped`
            : words
        }),
      ...context.processColumns('process_parent_process', parent),
      ...context.processColumns('actor_process', own),
      exit_code: () => integerColumn((row) => c.exitCode[row] ?? 0),
      exit_signal: () => integerColumn((row) => c.signal[row] || null),
      run_ms: () => plainColumn((row) => milliseconds(c.runNs[row] ?? 0n)),
      cpu_ms: () =>
        plainColumn((row) => milliseconds((c.userNs[row] ?? 0n) + (c.systemNs[row] ?? 0n))),
      peak_rss_bytes: () => plainColumn((row) => Number(c.peakRssBytes[row] ?? 0n)),
    }
  },
}
