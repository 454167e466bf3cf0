/**
 * Runs `attachKernel` in a short-lived child process and brings back what came of it.
 *
 *     node attach-child.ts REQUEST     prints one line of JSON
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BpfError } from '@honeyguide/bpf'
import { HoneyguideError } from '@honeyguide/model/errors'
import { attachKernel, type AttachRequest } from './attach-kernel.ts'

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
export function runAttach(request: AttachRequest): 'attached' | 'mismatch' {
  const child = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(request)],
    { encoding: 'utf8', timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  if (child.status === 0) return 'attached'
  const answer = parseAnswer(child.stdout ?? '')
  if (answer?.code === 'BPF_PIN_MISMATCH') return 'mismatch'
  const isMissing = answer && /MISSING|NOT_PERMITTED/.test(answer.code)
  throw new HoneyguideError(
    isMissing ? 'HG_BPF_UNAVAILABLE' : 'HG_BPF_REFUSED',
    answer
      ? [answer.message, ...answer.detail].join('\n')
      : `The loader ended with ${child.signal ?? child.status}: ${child.stderr ?? ''}`,
  )
}

function parseAnswer(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  try {
    attachKernel(JSON.parse(process.argv[2] ?? '') as AttachRequest)
  } catch (cause) {
    const answer: Answer =
      cause instanceof BpfError
        ? {
            code: cause.code,
            message: cause.message,
            detail: [...cause.log, ...cause.verifier].slice(-40),
          }
        : { code: 'HG_INTERNAL', message: String(cause), detail: [] }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
    process.exitCode = 1
  }
}
