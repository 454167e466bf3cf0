/**
 * Runs `attachKernel`, in a short-lived child process unless a test wants it here, and says what came of it.
 *
 *     node attach-child.ts REQUEST     prints one line of JSON
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BpfError } from '@honeyguide/bpf'
import { HoneyguideError } from '@honeyguide/model/errors'
import { attachKernel, type Attached, type AttachRequest } from './attach-kernel.ts'

interface Answer {
  readonly code: string
  readonly message: string
  readonly detail: readonly string[]
}

/** Longest that loading may take, ms; about 500 on a quiet machine, 100,000 in an emulated one that others share. */
const timeoutMs = 240_000

/**
 * Attaches. `mismatch` when pinned maps of the same layout have another size. Throws
 * HG_BPF_REFUSED or HG_BPF_UNAVAILABLE with the kernel's words.
 */
export type Attach = (request: AttachRequest) => Attached | 'mismatch'

/** In a child process. */
export const attachInChild: Attach = (request) => {
  const child = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(request)],
    { encoding: 'utf8', timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  if (child.status === 0) return parseJson<Attached>(child.stdout) ?? {}
  const answer = parseJson<Answer>(child.stdout ?? '')
  if (answer) return concede(answer)
  throw new HoneyguideError(
    'HG_BPF_REFUSED',
    `The loader ended with ${child.signal ?? child.status}: ${child.stderr ?? ''}`,
  )
}

/** In this process, whose memory grows by it: for tests, which open many a kernel side and have no time for a child each. */
export const attachHere: Attach = (request) => {
  try {
    return attachKernel(request)
  } catch (cause) {
    return concede(answerOf(cause))
  }
}

function concede(answer: Answer): 'mismatch' {
  if (answer.code === 'BPF_PIN_MISMATCH') return 'mismatch'
  throw new HoneyguideError(
    /MISSING|NOT_PERMITTED/.test(answer.code) ? 'HG_BPF_UNAVAILABLE' : 'HG_BPF_REFUSED',
    [answer.message, ...answer.detail].join('\n'),
  )
}

function answerOf(cause: unknown): Answer {
  return cause instanceof BpfError
    ? {
        code: cause.code,
        message: cause.message,
        detail: [...cause.log, ...cause.verifier].slice(-40),
      }
    : { code: 'HG_INTERNAL', message: String(cause), detail: [] }
}

function parseJson<What>(text: string): What | undefined {
  try {
    return JSON.parse(text) as What
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  try {
    const attached = attachKernel(JSON.parse(process.argv[2] ?? '') as AttachRequest)
    process.stdout.write(`${JSON.stringify(attached)}\n`)
  } catch (cause) {
    process.stdout.write(`${JSON.stringify(answerOf(cause))}\n`)
    process.exitCode = 1
  }
}
