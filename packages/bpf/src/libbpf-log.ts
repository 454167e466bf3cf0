/**
 * Makes readable sense of what libbpf and the verifier print when they refuse something.
 *
 * Pure: messages in, lines out. A verifier log can have a million lines; the last ones hold the
 * reason.
 */

/** What is worth showing of the messages of one call. */
export interface LogDigest {
  /** libbpf's own lines, without its prefix and without hints known to mislead. */
  readonly log: readonly string[]
  /** Last useful lines of the verifier's log. */
  readonly verifier: readonly string[]
  readonly verifierOmitted: number
  /** The program that the messages blame. */
  readonly program: string | undefined
}

const mostLogLines = 40
const mostVerifierLines = 20
const logStart = '-- BEGIN PROG LOAD LOG --'
const logEnd = '-- END PROG LOAD LOG --'

// libbpf prints its rlimit hint for every EPERM; the counts of work done explain no refusal.
const misleading = /consider (?:increasing|raising) .*ulimit|try `ulimit|try raising 'ulimit/i
const statistics = /^(?:processed \d+ insns|verification time|stack depth|peak_states)/

/** Digests messages, oldest first. */
export function digestLog(messages: readonly { readonly text: string }[]): LogDigest {
  const log: string[] = []
  let verifierLines: string[] = []
  let program: string | undefined
  for (const { text } of messages) {
    const blamed = /prog '([^']+)'/.exec(text)?.[1]
    if (blamed !== undefined) program = blamed
    const from = text.indexOf(logStart)
    const to = text.indexOf(logEnd)
    if (from >= 0 || to >= 0) {
      const body = text.slice(from < 0 ? 0 : from + logStart.length, to < 0 ? undefined : to)
      verifierLines = body
        .split('\n')
        .map((line) => line.trimEnd())
        .filter((line) => line !== '' && !statistics.test(line))
      continue
    }
    for (const line of text.split('\n')) {
      const plain = line.replace(/^libbpf: /, '').trimEnd()
      if (plain !== '' && !misleading.test(plain)) log.push(plain)
    }
  }
  return {
    log: log.slice(-mostLogLines),
    verifier: verifierLines.slice(-mostVerifierLines),
    verifierOmitted: Math.max(0, verifierLines.length - mostVerifierLines),
    program,
  }
}
