/** Reads the leaves of Node's TAP output: which test, in which file, how it ended, and why it did not pass. */

export interface TapTest {
  readonly file: string
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  /** For failures the YAML block as it came, for skips the reason. */
  readonly detail: string
}

/** `lines` hold `FILE path` before the output of each file. A file without any test counts as a failure. */
export function readTap(lines: readonly string[]): TapTest[] {
  const tests: TapTest[] = []
  const seen = new Map<string, number>()
  let file = ''
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    const start = /^FILE (\S+)/.exec(line)
    if (start) {
      file = start[1] ?? ''
      seen.set(file, 0)
      continue
    }
    const match = /^(\s*)(ok|not ok) \d+ - (.*)$/.exec(line)
    if (!match || file === '') continue
    const [, indent = '', state = '', rest = ''] = match
    const block: string[] = []
    if ((lines[i + 1] ?? '').startsWith(`${indent}  ---`)) {
      for (let j = i + 2; j < lines.length && !(lines[j] ?? '').startsWith(`${indent}  ...`); j++)
        block.push(lines[j] ?? '')
    }
    // A suite's own line repeats what its tests said.
    if (block.some((text) => text.trim() === "type: 'suite'")) {
      if (state === 'ok' || seen.get(file) !== 0) continue
    }
    const skip = / # SKIP ?(.*)$/.exec(rest)
    seen.set(file, (seen.get(file) ?? 0) + 1)
    tests.push({
      file,
      name: rest.replace(/ # (SKIP|TODO).*$/, ''),
      state: skip ? 'skipped' : state === 'ok' ? 'passed' : 'failed',
      detail: skip?.[1] ?? block.join('\n'),
    })
  }
  for (const [name, count] of seen)
    if (count === 0)
      tests.push({
        file: name,
        name: 'has tests',
        state: 'failed',
        detail: 'the file printed no test',
      })
  return tests
}
