/** `honeyguide config`: every setting with its value and where that comes from. */
import { formatBytes, type Origin } from '@honeyguide/model/config'
import type { Command } from 'commander'
import { formatTable } from '../terminal/table.ts'
import { createContext, withShared, type SharedOptions } from './context.ts'

function originWords(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default'
    case 'file':
      return `${origin.file}:${origin.line}`
    case 'environment':
      return origin.variable
    case 'flag':
      return origin.flag
  }
}

export function addConfig(program: Command): void {
  withShared(program.command('config'))
    .summary('every setting, its value and where that comes from')
    .action((options: SharedOptions) => {
      const { resolved, configFile, instance } = createContext(options)
      const values = resolved.values.map(({ setting, value, origin }) => ({
        name: setting.name,
        value: setting.name === 'state' && value === 'auto' ? instance.stateDir : value,
        origin: originWords(origin),
      }))
      if (options.json === true) {
        process.stdout.write(`${JSON.stringify({ file: configFile ?? null, settings: values })}\n`)
        return
      }
      const isSize = (name: string): boolean => /bytes$/i.test(name)
      const rows = values.map(({ name, value, origin }) => [
        name,
        isSize(name) && typeof value === 'number'
          ? formatBytes(value)
          : typeof value === 'string'
            ? value
            : JSON.stringify(value),
        origin,
      ])
      process.stdout.write(`${formatTable(['setting', 'value', 'from'], rows).join('\n')}\n`)
      process.stdout.write(
        `file: ${configFile ?? 'none (/etc/honeyguide/honeyguide.yaml does not exist)'}\n`,
      )
    })
}
