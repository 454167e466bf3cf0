/** `honeyguide version`. */
import type { Command } from 'commander'
import { appLayout } from '../place.ts'
import { version } from '../version.ts'

export function addVersion(program: Command): void {
  program
    .command('version')
    .summary('the version, and what it runs on')
    .option('--json', 'output for programs')
    .action((options: { readonly json?: boolean }) => {
      const { kind, root } = appLayout()
      const answer = { version, node: process.version, arch: process.arch, kind, root }
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(answer)}\n`
          : `honeyguide ${version} (Node.js ${process.version}, ${process.arch}, ${kind})\n`,
      )
    })
}
