/** The command line as a whole: every command, help, and how an error becomes words and an exit code. */
import { Command, CommanderError } from 'commander'
import { HoneyguideError } from '@honeyguide/model/errors'
import { visible } from '@honeyguide/model/text'
import { addCompletion } from './command/completion.ts'
import { addConfig } from './command/config.ts'
import { addDemo } from './command/demo.ts'
import { addDoctor } from './command/doctor.ts'
import { addHunt } from './command/hunt.ts'
import { addIncident } from './command/incident.ts'
import { addRecord } from './command/record.ts'
import { addObserve } from './command/observe.ts'
import { addDown } from './command/down.ts'
import { addStatus } from './command/status.ts'
import { addReplay, addUp } from './command/up.ts'
import { addVersion } from './command/version.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { version } from './version.ts'

export function createProgram(): Command {
  const program = new Command('honeyguide')
    .description('Sees, explains and stops attacks on any Linux host with eBPF.')
    .version(version, '--version')
    .helpCommand('help [command]', 'what a command does')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(visibleLines(text)) })
    .addHelpText(
      'after',
      () =>
        `\nExit codes:\n${Object.values(exitCodes)
          .map(({ code, doc }) => `  ${String(code).padEnd(4)} ${doc}`)
          .join('\n')}`,
    )
  addUp(program)
  addDown(program)
  addStatus(program)
  addObserve(program)
  addHunt(program)
  addIncident(program)
  addRecord(program)
  addReplay(program)
  addDoctor(program)
  addDemo(program)
  addConfig(program)
  addVersion(program)
  addCompletion(program)
  for (const command of program.commands) {
    command.exitOverride()
    for (const below of command.commands) below.exitOverride()
  }
  return program
}

const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n')

/** What a person reads about an error, on stderr; JSON when the command was asked for it. */
export function explain(
  error: unknown,
  isJson: boolean,
): { readonly text: string; readonly code: number } {
  if (error instanceof HoneyguideError) {
    const code = exitCodeOf(error.code)
    if (isJson)
      return {
        code,
        text: JSON.stringify({
          error: { code: error.code, message: error.message, fix: error.fix },
        }),
      }
    return { code, text: visibleLines(`${error.code}: ${error.message}\n${error.fix}`) }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (isJson)
    return {
      code: exitCodes.failed.code,
      text: JSON.stringify({ error: { code: 'HG_INTERNAL', message } }),
    }
  return { code: exitCodes.failed.code, text: visibleLines(message) }
}

/** Runs one command line (without `node` and script); sets `process.exitCode`. */
export async function runProgram(words: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(words, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed it; help and version are no errors.
      process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage.code
      return
    }
    const { text, code } = explain(error, words.includes('--json'))
    process.stderr.write(`${text}\n`)
    process.exitCode = code
  }
}
