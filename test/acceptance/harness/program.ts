/** Runs the generators of test/programs: they count what they do, apart from what is tested. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { promisify } from 'node:util'

export { testProgram } from '../../../packages/sensor/src/kernel/test-program.ts'

const run = promisify(execFile)

/** Runs it to its end and gives the last line of its output as JSON. Throws with its stderr when it fails. */
export async function runProgram<Answer>(
  path: string,
  args: readonly (string | number)[],
): Promise<Answer> {
  const { stdout } = await run(path, args.map(String), { maxBuffer: 16 << 20 })
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  return JSON.parse(line) as Answer
}

/** Starts it; `answer` resolves with the last line of its output when it ends well. */
export function startProgram<Answer>(
  path: string,
  args: readonly (string | number)[],
): { readonly child: ChildProcess; readonly answer: Promise<Answer> } {
  const child = spawn(path, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const answer = new Promise<Answer>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const line = out.trimEnd().split('\n').at(-1) ?? ''
      if (code === 0) resolve(JSON.parse(line) as Answer)
      else reject(new Error(`${path} ended with ${code ?? signal}`))
    })
  })
  answer.catch(() => undefined)
  return { child, answer }
}

/** What every generator prints. */
export interface Counted {
  readonly count: number
  readonly self: number
  readonly from_ns: string
  readonly to_ns: string
}
