/** Runs `demo attack` and reads what it prints for programs. */
import { honeyguide } from './stack.ts'

/** What `demo attack --json` said: a line for each step, and a last one with the result. */
export interface Attack {
  readonly steps: readonly {
    readonly time: string
    readonly step: string
    readonly technique: string
    readonly what: string
  }[]
  readonly serverPid: number
  readonly folder: string
  /** When its last step had ended, ms since 1970. */
  readonly endedMs: number
}

/** Runs the demonstration to its end. Throws with what it said when it fails. */
export async function attack(
  root: string,
  seed: number,
  more: readonly string[] = [],
): Promise<Attack> {
  const words = ['demo', 'attack', '--seed', String(seed), '--json', ...more]
  const { code, stdout, stderr } = await honeyguide(root, words)
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr.slice(-500)}`)
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as Attack['steps'][number] & {
          readonly result?: { readonly serverPid: number; readonly folder: string }
        },
    )
  const result = lines.find((line) => line.result)?.result
  const steps = lines.filter((line) => !line.result)
  if (!result || steps.length < 3) throw new Error(`the demonstration said ${stdout.slice(-500)}`)
  return { steps, ...result, endedMs: Date.parse(steps.at(-1)?.time ?? '') }
}
