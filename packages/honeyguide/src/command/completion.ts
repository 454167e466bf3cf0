/** `honeyguide completion bash|zsh|fish`: made from the commands themselves, so it never lags behind. */
import { HoneyguideError } from '@honeyguide/model/errors'
import type { Command } from 'commander'

interface Word {
  readonly name: string
  readonly doc: string
}

interface CommandWords {
  /** `incident show`; empty for the program itself. */
  readonly path: string
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
}

function collect(command: Command, path: readonly string[], out: CommandWords[]): void {
  const commands = command.commands.filter((one) => one.name() !== 'help')
  out.push({
    path: path.join(' '),
    commands: commands.map((one) => ({
      name: one.name(),
      doc: one.summary() || one.description(),
    })),
    options: command.options.flatMap((option) =>
      option.long ? [{ name: option.long, doc: option.description }] : [],
    ),
  })
  for (const one of commands) collect(one, [...path, one.name()], out)
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function bash(all: readonly CommandWords[]): string {
  const cases = all.map(
    ({ path, commands, options }) =>
      `    ${quote(path)}) words=${quote([...commands, ...options].map(({ name }) => name).join(' '))} ;;`,
  )
  return `# bash completion of honeyguide:  source <(honeyguide completion bash)
_honeyguide() {
  local word path= words= index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case $word in -*) ;; *) case " ${all
      .map(({ path }) => path)
      .filter(Boolean)
      .map((path) => path.replaceAll(' ', '/'))
      .join(' ')} " in *" \${path:+$path/}$word "*) path=\${path:+$path/}$word ;; esac ;; esac
  done
  case \${path//\\// } in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _honeyguide honeyguide
`
}

function zsh(all: readonly CommandWords[]): string {
  return `#compdef honeyguide
# zsh completion of honeyguide:  source <(honeyguide completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bash(all)}`
}

function fish(all: readonly CommandWords[]): string {
  const lines = all.flatMap(({ path, commands, options }) => {
    const words = path.split(' ').filter(Boolean)
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
    const none =
      commands.length > 0
        ? `not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`
        : ''
    const condition = [seen, none].filter(Boolean).join('; and ')
    const when = condition === '' ? '' : ` -n ${quote(condition)}`
    return [
      ...commands.map(
        ({ name, doc }) => `complete -c honeyguide -f${when} -a ${name} -d ${quote(doc)}`,
      ),
      ...options.map(
        ({ name, doc }) =>
          `complete -c honeyguide${when} -l ${name.replace(/^--/, '')} -d ${quote(doc)}`,
      ),
    ]
  })
  return `# fish completion of honeyguide:  honeyguide completion fish | source\n${lines.join('\n')}\n`
}

export function completionScript(program: Command, shell: string): string {
  const all: CommandWords[] = []
  collect(program, [], all)
  if (shell === 'bash') return bash(all)
  if (shell === 'zsh') return zsh(all)
  if (shell === 'fish') return fish(all)
  throw new HoneyguideError(
    'HG_USAGE',
    `there is no completion for ${shell}; choose bash, zsh or fish.`,
  )
}

export function addCompletion(program: Command): void {
  program
    .command('completion <shell>')
    .summary('completion for bash, zsh or fish')
    .action((shell: string) => {
      process.stdout.write(completionScript(program, shell))
    })
}
