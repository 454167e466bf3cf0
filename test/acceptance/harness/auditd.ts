/**
 * The peer that costs are compared with: auditd really running, with a configuration and a log of its own.
 *
 * There is one audit in a kernel, so this refuses where somebody else uses it, and puts back what it changed.
 * One thing stays until the next boot: a kernel whose audit was on once gives every new process an audit
 * context, whether or not a rule is loaded, and with it the slow way through each system call. A rule that
 * takes new processes out (`never` in the list `task`) is what a machine without audit is compared by.
 */
import { execFile, spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Rules under which a new process has nothing to do with audit. */
export const noAudit = ['-a never,task'] as const

export interface Auditd extends AsyncDisposable {
  /** Puts these rules, as in audit.rules(7), in the place of all; throws when the kernel does not show them. */
  load(rules: readonly string[]): Promise<void>
  /** Resolves when the daemon has taken all that the kernel holds for it. */
  settle(): Promise<void>
  /** `auditctl -s` by name: `enabled`, `pid`, `lost`, `backlog`. */
  status(): Promise<ReadonlyMap<string, string>>
  /** Rules as `auditctl -l` shows them now. */
  rules(): Promise<string>
  /** Events with this key in the daemon's own log. */
  count(key: string): Promise<number>
}

async function status(): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run('auditctl', ['-s'])
  return new Map(
    stdout
      .split('\n')
      .map((line): [string, string] => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']),
  )
}

async function rules(): Promise<string> {
  return (await run('auditctl', ['-l'])).stdout.trim()
}

/** Starts it on processor `cpu`, with its files in `folder`. Throws when audit is in use here or does not start. */
export async function startAuditd(folder: string, cpu: number): Promise<Auditd> {
  const before = await status()
  if (before.get('pid') !== '0' || (await rules()) !== 'No rules')
    throw new Error('audit is in use on this machine: stop its auditd and remove its rules first')
  const log = join(folder, 'audit.log')
  await mkdir(join(folder, 'plugins'), { recursive: true, mode: 0o750 })
  // Debian's own settings, but for where files are and that the log is kept in one piece.
  const changed: Record<string, string> = {
    log_file: log,
    plugin_dir: join(folder, 'plugins'),
    max_log_file: '1000',
    max_log_file_action: 'IGNORE',
    space_left_action: 'IGNORE',
    admin_space_left_action: 'IGNORE',
  }
  const own = await readFile('/etc/audit/auditd.conf', 'utf8')
  const settings = own.split('\n').map((line) => {
    const name = /^(\w+) = /.exec(line)?.[1] ?? ''
    return changed[name] === undefined ? line : `${name} = ${changed[name]}`
  })
  await writeFile(join(folder, 'auditd.conf'), settings.join('\n'), { mode: 0o640 })
  const daemon = spawn(
    'taskset',
    ['-c', String(cpu), 'auditd', '-n', '-s', 'enable', '-c', folder],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let words = ''
  let isGone = false
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => (words += text))
  daemon.on('error', (error) => (words += error.message))
  daemon.on('close', () => (isGone = true))

  const auditd: Auditd = {
    async load(wanted) {
      const file = join(folder, 'rules')
      await writeFile(file, ['-D', ...wanted, ''].join('\n'), { mode: 0o640 })
      await run('auditctl', ['-R', file])
      const shown = (await rules()).split('\n').filter((line) => line !== 'No rules')
      if (shown.length !== wanted.length)
        throw new Error(`of the rules ${wanted.join('; ')} the kernel shows ${shown.join('; ')}`)
    },
    async settle() {
      for (let round = 0; round < 200; round++) {
        if ((await status()).get('backlog') === '0') return
        await sleep(25)
      }
      throw new Error('auditd does not keep up')
    },
    status,
    rules,
    async count(key) {
      // Of a whole run it is more than a string of Node.js holds.
      let lines = 0
      for await (const line of createInterface(createReadStream(log, 'latin1')))
        if (line.includes(`key="${key}"`)) lines += 1
      return lines
    },
    async [Symbol.asyncDispose]() {
      await run('auditctl', ['-D'])
      daemon.kill('SIGTERM')
      for (let round = 0; round < 100 && !isGone; round++) await sleep(50)
      if (!isGone) daemon.kill('SIGKILL')
      await run('auditctl', ['-b', before.get('backlog_limit') ?? '64'])
      await run('auditctl', ['-e', before.get('enabled') ?? '0'])
    },
  }
  for (let round = 0; round < 100; round++) {
    if ((await status()).get('pid') === String(daemon.pid)) {
      await run('auditctl', ['-e', '1'])
      // Counted since the kernel began, whoever lost it.
      await run('auditctl', ['--reset-lost'])
      // As Debian's rules begin.
      await run('auditctl', ['-b', '8192'])
      return auditd
    }
    if (isGone) break
    await sleep(50)
  }
  await auditd[Symbol.asyncDispose]()
  throw new Error(`auditd did not start: ${words.slice(-500)}`)
}
