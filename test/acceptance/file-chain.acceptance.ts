/**
 * A file's way from a download to its run by somebody else, through a rename, new permissions and a hard link: told
 * step by step, and beside the process that ran it who wrote it, when, and from where it came.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ProcessesAnswer } from '@honeyguide/model'
import type { Acceptance } from './harness/acceptance.ts'
import { testProgram } from './harness/program.ts'
import { startStack } from './harness/stack.ts'

const run = promisify(execFile)
const nobody = 65_534

/** Serves one program on loopback until dispose. */
async function serve(program: string): Promise<{ port: number } & AsyncDisposable> {
  const bytes = await readFile(program)
  const server = createServer((_, answer) => void answer.end(bytes))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'file-chain',
    promise:
      'A file downloaded, written, renamed, made executable and run by another user: one chain, its provenance named, across rename and hard link',
    target: 'each step with its process, the writer and where it came from',
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      await using server = await serve(testProgram('nothing', true))
      await using stack = await startStack({ root, folder, log })
      // The scripts' own folder is closed to others.
      const home = await mkdtemp(join(tmpdir(), 'hg-chain-'))
      await using _home = { [Symbol.asyncDispose]: () => rm(home, { recursive: true }) }
      await chmod(home, 0o755)
      const [part, tool, linked] = ['part', 'tool', 'linked'].map((name) => join(home, name)) as [
        string,
        string,
        string,
      ]
      const from = new Date(Date.now() - 1000).toISOString()
      await run('curl', ['-sSo', part, `http://127.0.0.1:${server.port}/tool`])
      await run('mv', [part, tool])
      await run('chmod', ['755', tool])
      await run('ln', [tool, linked])
      const { ino } = await stat(linked)
      await run('setpriv', [
        `--reuid=${nobody}`,
        `--regid=${nobody}`,
        '--clear-groups',
        '--',
        linked,
      ])
      await stack.settle()
      const { rows } = await stack.hunt(
        `SELECT activity_name, actor_process_name, file_path, file_result_path, file_inode FROM file_activity
          WHERE file_path LIKE '${home}/%' OR file_result_path LIKE '${home}/%' ORDER BY time`,
      )
      const said = rows.map(
        (row) =>
          `${row['actor_process_name']} ${row['activity_name']} ${String(row['file_path']).replace(`${home}/`, '')}${row['file_result_path'] ? ` ${String(row['file_result_path']).replace(`${home}/`, '')}` : ''}`,
      )
      const wanted = [
        'curl Create part',
        'mv Rename part tool',
        'chmod Set Attributes tool',
        'ln Link tool linked',
      ]
      const missing = wanted.filter((step) => !said.includes(step))
      const made = rows.find((row) => row['activity_name'] === 'Create')
      // Provenance is told when there is time for it.
      const started = await stack.huntUntil(
        `SELECT process_uid, process_user_uid, process_file_integrity FROM processes WHERE process_file_path = '${linked}' AND start_time > now() - INTERVAL 1 HOUR`,
        (found) => found.some((row) => row['process_file_integrity'] !== null),
        30_000,
      )
      const ran = started.find((row) => row['process_user_uid'] === nobody)
      const { nodes } = await stack.ask<ProcessesAnswer>(
        `/api/v1/processes?host=${encodeURIComponent(hostname())}&from=${from}&to=${new Date().toISOString()}&root=${String(ran?.['process_uid'] ?? '')}`,
      )
      const writer = nodes.find((node) => node.uid === ran?.['process_uid'])?.writer
      const remote = `127.0.0.1:${server.port}`
      return {
        measured: `${wanted.length - missing.length} of ${wanted.length} steps; run by ${ran?.['process_user_uid']}, ${ran?.['process_file_integrity']}; written by ${writer?.name} connected to ${writer?.remote === remote ? 'the server' : writer?.remote}`,
        n: wanted.length + 1,
        pass:
          missing.length === 0 &&
          made?.['file_inode'] === ino &&
          ran?.['process_file_integrity'] === 'unpackaged' &&
          writer?.name === 'curl' &&
          writer.remote === remote,
        details: [
          ...missing.map((step) => `not told: ${step}`),
          ...said,
          `inode ${ino}, of the creation ${made?.['file_inode']}`,
        ],
      }
    },
  },
]
