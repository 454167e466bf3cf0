/**
 * Brings an instance up and keeps it up until it is told to end: users, folders, pins, then hub and sensor.
 *
 * As root every daemon is confined (see privilege.ts). Without root only a recording can be shown, and the
 * hub runs as whoever started it.
 */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoneyguideError } from '@honeyguide/model/errors'
import type { Config } from '@honeyguide/model/config'
import type { LinkAnswer } from '@honeyguide/model'
import type { HubSettings } from '@honeyguide/model/settings'
import { createHubClient } from '../hub-client/hub-client.ts'
import type { AppLayout, Instance } from '../place.ts'
import type { Reporter } from '../terminal/reporter.ts'
import { version } from '../version.ts'
import { makeCgroup } from './cgroup.ts'
import { endOrphans, removeTraces } from './clean.ts'
import { freePort } from './free-port.ts'
import { takeLock } from './lock.ts'
import { openLogFile } from './log-file.ts'
import { makePinDir } from './pins.ts'
import { confine, sensorCapabilities, type Bind } from './privilege.ts'
import { processName, readRunRecord, writeRunRecord, type RunRecord } from './run-record.ts'
import { hubSettings, sensorSettings, type DaemonPaths } from './settings.ts'
import { superviseDaemon, type Daemon } from './supervise.ts'
import { ensureUser, userNames, type SystemUser } from './users.ts'

export interface LaunchOptions {
  readonly config: Config
  readonly layout: AppLayout
  readonly instance: Instance
  readonly reporter: Reporter
  /** Where the log lines of the daemons go, beside their files. */
  readonly onLogLine: (name: string, level: string, message: string, json: string) => void
  /** A recording to show instead of this machine; no sensor runs. */
  readonly replay: HubSettings['replay']
  /** Aborts when everything is to end. */
  readonly signal: AbortSignal
}

type DaemonName = 'sensor' | 'hub'

/** All that must have ended within 5 s of being told so; the sensor ends itself after 1.8 s. */
const grace = { sensorMs: 2200, hubMs: 2200 } as const

/** Memory flags, measured: the sensor's young generation and heap stay small (traps, Node). */
const nodeFlags: Readonly<Record<DaemonName, readonly string[]>> = {
  sensor: ['--max-semi-space-size=2', '--max-old-space-size=64'],
  hub: ['--max-semi-space-size=4', '--max-old-space-size=512', '--heap-growing-percent=30'],
}

function ensureFolder(
  path: string,
  mode: number,
  owner?: { readonly uid: number; readonly gid: number },
): void {
  mkdirSync(path, { recursive: true, mode })
  if (!lstatSync(path).isDirectory())
    throw new HoneyguideError('HG_SETUP_FAILED', `${path} is not a folder`)
  if (owner) chownSync(path, owner.uid, owner.gid)
  chmodSync(path, mode)
}

/** Most open files: what is allowed here, at most 65,536 (raising the hard limit needs a capability). */
function openFileLimit(): number {
  const line = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(
    readFileSync('/proc/self/limits', 'utf8'),
  )
  const hard = line?.[1] === undefined || line[1] === 'unlimited' ? 65_536 : Number(line[1])
  return Math.min(hard, 65_536)
}

export async function launch(options: LaunchOptions): Promise<void> {
  const { config, layout, instance, reporter, replay, signal, onLogLine } = options
  const isReal = replay === null
  if (isReal && !instance.isPrivileged)
    throw new HoneyguideError('HG_NEEDS_ROOT', 'Watching this machine with eBPF')
  if (instance.isPrivileged) checkReadable(layout)
  else if (instance.runDir.startsWith('/run/honeyguide/')) throw alreadyRunning(instance)
  ensureRunDir(instance)
  const lock = takeLock(instance.lockFile)
  if (!lock) throw alreadyRunning(instance)
  using _held = lock

  const orphans = await endOrphans(instance)
  if (orphans.length > 0)
    reporter.warn(
      `An earlier launcher was killed; ended what it left (${orphans.map((pid) => `pid ${pid}`).join(', ')}). Nothing that waits in rings or spools is lost.`,
      { ended: orphans },
    )

  const wanted: DaemonName[] = isReal && config.sensor.enabled ? ['hub', 'sensor'] : ['hub']
  const users = instance.isPrivileged ? ensureUsers(wanted, reporter) : undefined
  prepareReplay(instance, replay, users)
  makeFolders(instance, users)
  if (users?.sensor && makePinDir(instance.pinDir, users.sensor))
    reporter.say('Mounted bpffs at /sys/fs/bpf; `honeyguide down` unmounts it.')
  const cgroup = users ? makeCgroup(instance.id) : undefined

  const wantedPort = config.hub.listen.port
  const port = await freePort(config.hub.listen.host, wantedPort)
  if (port !== wantedPort)
    reporter.warn(`Port ${wantedPort} is taken; the page is at ${port}.`, { wantedPort, port })

  const record: { -readonly [Key in keyof RunRecord]: RunRecord[Key] } = {
    version,
    launcher: processName(process.pid) ?? { pid: process.pid, startTicks: '' },
    since: new Date().toISOString(),
    stateDir: instance.stateDir,
    address: null,
    isDemo: !isReal,
    daemons: wanted.map((name) => ({
      name,
      state: 'starting',
      process: null,
      restarts: 0,
      lastEnd: '',
    })),
  }
  writeRunRecord(instance.recordFile, record)

  const daemons = wanted.map((name) => {
    const log = openLogFile(join(instance.stateDir, 'log', `${name}.jsonl`))
    return superviseDaemon({
      name,
      ...commandOf({ name, config, layout, instance, users, cgroup, port, replay }),
      beforeStart() {
        const sockets =
          name === 'hub' ? [instance.uplinkSocket, instance.apiSocket] : [instance.observeSocket]
        for (const socket of sockets) rmSync(socket, { force: true })
      },
      onChange(state) {
        record.daemons = record.daemons.map((one) =>
          one.name === name
            ? {
                ...one,
                state: state.state,
                process: state.pid === undefined ? null : processName(state.pid),
                restarts: state.restarts,
                lastEnd: state.lastEnd,
              }
            : one,
        )
        writeRunRecord(instance.recordFile, record)
      },
      onLog(line) {
        log.append(line.json)
        onLogLine(
          name,
          line.level,
          line.times > 1 ? `${line.message} (${line.times} times)` : line.message,
          line.json,
        )
      },
    })
  })

  try {
    const ended = new Promise<void>((done) => {
      if (signal.aborted) done()
      else signal.addEventListener('abort', () => done(), { once: true })
    })
    await Promise.race([ended, announce(daemons, options, record)])
    await ended
  } finally {
    reporter.say('Ending ...')
    const began = performance.now()
    await daemons.find(({ name }) => name === 'sensor')?.stop(grace.sensorMs)
    await daemons.find(({ name }) => name === 'hub')?.stop(grace.hubMs)
    await endOrphans(instance)
    for (const one of removeTraces(instance))
      reporter.warn(`${one} is not empty yet; \`honeyguide down\` removes it.`)
    reporter.say(
      `Ended in ${((performance.now() - began) / 1000).toFixed(1)} s. The data is kept in ${instance.stateDir}.`,
      { stateDir: instance.stateDir },
    )
  }
}

/**
 * A clone made under a strict umask is closed to the daemons' users file by file; no bind mount opens that.
 * Better told now than by a daemon that cannot read its first file.
 */
function checkReadable(layout: AppLayout): void {
  for (const name of [layout.sensorMain, layout.hubMain]) {
    let path = ''
    for (const part of name.split('/')) {
      path = join(path, part)
      const full = join(layout.root, path)
      if (!existsSync(full)) throw new HoneyguideError('HG_SETUP_FAILED', `${full} is missing`)
      const mode = statSync(full).mode
      const needed = statSync(full).isDirectory() ? 0o5 : 0o4
      if ((mode & needed) !== needed)
        throw new HoneyguideError(
          'HG_SETUP_FAILED',
          `${full} may be read by its owner alone, so the daemons' users cannot run it. Open the files of the clone (not the folder above it): chmod -R go+rX ${layout.root}/*`,
        )
    }
  }
}

/** Error for a second start: who runs, and where. */
function alreadyRunning(instance: Instance): HoneyguideError {
  const record = readRunRecord(instance.recordFile)
  const who =
    record === undefined
      ? 'it is just starting'
      : `pid ${record.launcher.pid}, since ${record.since}, ${record.address ?? 'no address yet'}`
  return new HoneyguideError('HG_ALREADY_RUNNING', `${who} (state ${instance.stateDir})`)
}

function ensureRunDir(instance: Instance): void {
  const above = join(instance.runDir, '..')
  ensureFolder(above, instance.isPrivileged ? 0o755 : 0o700)
  // In a shared /tmp somebody else might have made it first.
  const owner = lstatSync(above).uid
  if (owner !== process.getuid?.())
    throw new HoneyguideError('HG_SETUP_FAILED', `${above} belongs to user ${owner}`)
  ensureFolder(instance.runDir, instance.isPrivileged ? 0o755 : 0o700)
}

type Users = { readonly hub: SystemUser; readonly sensor: SystemUser | undefined }

function ensureUsers(wanted: readonly DaemonName[], reporter: Reporter): Users {
  const make = (name: string): SystemUser => {
    const { user, made } = ensureUser(name)
    if (made) reporter.say(`Made the system user ${name}; \`honeyguide down --purge\` removes it.`)
    return user
  }
  return {
    hub: make(userNames.hub),
    sensor: wanted.includes('sensor') ? make(userNames.sensor) : undefined,
  }
}

/**
 * Every folder with its owner and mode. A socket gets the group of its folder (set-group-id), so the sensor
 * may open the uplink and nothing else of the hub's, and the hub nothing of the sensor's.
 */
function makeFolders(instance: Instance, users: Users | undefined): void {
  const { stateDir, runDir } = instance
  const hub = users?.hub
  const sensor = users?.sensor
  ensureFolder(stateDir, users ? 0o711 : 0o700)
  ensureFolder(join(stateDir, 'log'), 0o700)
  ensureFolder(join(stateDir, 'hub'), 0o700, hub)
  if (sensor) ensureFolder(join(stateDir, 'sensor'), 0o700, sensor)
  for (const name of [
    'uplink',
    'api',
    'observe',
    'settings',
    'app',
    'state',
    'state/hub',
    'state/sensor',
  ])
    rmSync(join(runDir, name), { recursive: true, force: true })
  const closed = users ? 0o2750 : 0o700
  ensureFolder(join(runDir, 'uplink'), closed, hub && { uid: hub.uid, gid: sensor?.gid ?? hub.gid })
  ensureFolder(join(runDir, 'api'), closed, hub)
  ensureFolder(join(runDir, 'observe'), closed, sensor ?? hub)
  ensureFolder(join(runDir, 'settings'), 0o755)
  if (!users) return
  ensureFolder(join(runDir, 'app'), 0o755)
  for (const name of ['state', 'state/hub', 'state/sensor']) ensureFolder(join(runDir, name), 0o755)
}

/** Name of a recording in the hub's folder. */
const replayCopy = 'replay.hgrec'
const replayMarker = 'replay-only'

/**
 * What was replayed and what was really seen never share a folder; a replay begins with an empty one, because
 * batches that were played before would be taken for repeats. The recording may be its owner's alone, so the hub
 * gets a copy.
 */
function prepareReplay(
  instance: Instance,
  replay: HubSettings['replay'],
  users: Users | undefined,
): void {
  const marker = join(instance.stateDir, replayMarker)
  const hubDir = join(instance.stateDir, 'hub')
  const isMarked = existsSync(marker)
  if (replay === null) {
    if (isMarked)
      throw new HoneyguideError(
        'HG_SETUP_FAILED',
        `${instance.stateDir} holds what a recording was replayed into; choose another folder with --state.`,
      )
    return
  }
  if (!isMarked && existsSync(hubDir) && readdirSync(hubDir).length > 0)
    throw new HoneyguideError(
      'HG_SETUP_FAILED',
      `${instance.stateDir} holds what was really seen; choose another folder for a recording with --state.`,
    )
  rmSync(hubDir, { recursive: true, force: true })
  mkdirSync(instance.stateDir, { recursive: true })
  writeFileSync(marker, '')
  if (!users) return
  mkdirSync(hubDir, { recursive: true, mode: 0o700 })
  const copy = join(hubDir, replayCopy)
  copyFileSync(replay.file, copy)
  chownSync(copy, users.hub.uid, users.hub.gid)
  chmodSync(copy, 0o600)
}

interface CommandInputs {
  readonly name: DaemonName
  readonly config: Config
  readonly layout: AppLayout
  readonly instance: Instance
  readonly users: Users | undefined
  readonly cgroup: string | undefined
  readonly port: number
  readonly replay: HubSettings['replay']
}

/** Writes the settings of a daemon and gives the command that runs it. */
function commandOf(inputs: CommandInputs): {
  command: string[]
  environment: Record<string, string>
} {
  const { name, config, layout, instance, users, cgroup, port, replay } = inputs
  const user = name === 'sensor' ? users?.sensor : users?.hub
  const appDir = join(instance.runDir, 'app')
  const root = user ? appDir : layout.root
  const stateDir = user ? join(instance.runDir, 'state', name) : join(instance.stateDir, name)
  const extraRules = config.hub.rules.map((folder) => resolve(folder))
  const shownRules = user
    ? extraRules.map((_, index) => join(appDir, `rules-${index + 1}`))
    : extraRules
  const shownReplay = replay && user ? { ...replay, file: join(stateDir, replayCopy) } : replay
  const paths: DaemonPaths = {
    stateDir,
    uplinkSocket: instance.uplinkSocket,
    apiSocket: instance.apiSocket,
    observeSocket: instance.observeSocket,
    objectDir: join(root, layout.objectDir),
    pinDir: instance.pinDir,
    pageDir: join(root, layout.pageDir),
    rulesDirs: [join(root, layout.rulesDir), ...shownRules],
  }
  const settings =
    name === 'sensor'
      ? sensorSettings(config, paths, hostname())
      : hubSettings(config, paths, port, shownReplay)
  const settingsFile = join(instance.runDir, 'settings', `${name}.json`)
  writeFileSync(settingsFile, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o640 })
  if (user) chownSync(settingsFile, 0, user.gid)
  const main = join(root, name === 'sensor' ? layout.sensorMain : layout.hubMain)
  const nodeArguments = [...nodeFlags[name], main, '--settings', settingsFile]
  const environment = {
    // glibc otherwise keeps what was freed: snapshots of detection and packed batches come and go in megabytes.
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '131072',
    MALLOC_TRIM_THRESHOLD_: '131072',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: stateDir,
    // The sensor fills its cache of compiled code itself, before it becomes what stays (compile-cache.ts).
    ...(name === 'hub' ? { NODE_COMPILE_CACHE: join(stateDir, 'compile-cache') } : {}),
  }
  if (!user) return { command: [process.execPath, ...nodeArguments], environment }
  const node = join(appDir, 'node')
  const binds: Bind[] = [
    ...layout.pieces
      .map((piece) => ({
        from: join(layout.root, piece),
        to: join(appDir, piece),
        isWritable: false,
      }))
      .filter(({ from }) => existsSync(from)),
    { from: process.execPath, to: node, isWritable: false },
    ...(name === 'hub'
      ? extraRules.flatMap((from, index) =>
          existsSync(from) ? [{ from, to: shownRules[index] ?? '', isWritable: false }] : [],
        )
      : []),
    { from: join(instance.stateDir, name), to: stateDir, isWritable: true },
  ]
  const command = confine(
    {
      uid: user.uid,
      gid: user.gid,
      capabilities: name === 'sensor' ? sensorCapabilities : [],
      appDir,
      binds,
      cgroup,
      openFiles: openFileLimit(),
    },
    [node, ...nodeArguments],
  )
  return { command, environment }
}

/** Waits for the daemons and says where the page is and how to sign in. */
async function announce(
  daemons: readonly Daemon[],
  options: LaunchOptions,
  record: { address: string | null },
): Promise<void> {
  const { reporter, instance, replay } = options
  const began = performance.now()
  const slow = sleep(15_000, 'slow' as const, { ref: false })
  for (const daemon of daemons) {
    const first = await Promise.race([daemon.ready, slow])
    if (first === 'slow') {
      reporter.warn(
        `${daemon.name} is not ready after 15 s${daemon.state.lastEnd === '' ? '' : ` (it ${daemon.state.lastEnd})`}; its log is ${join(instance.stateDir, 'log', `${daemon.name}.jsonl`)}. Trying on.`,
        { component: daemon.name },
      )
      if (daemon.name === 'hub') await daemon.ready
      continue
    }
    if (daemon.name !== 'hub') {
      reporter.say(`The sensor watches this machine (pid ${first.pid}).`, {
        component: 'sensor',
        pid: first.pid,
      })
      continue
    }
    record.address = first.address ?? null
    writeRunRecord(instance.recordFile, record as RunRecord)
    const link = await createHubClient(instance.apiSocket)
      .post<LinkAnswer>('/api/v1/link', {})
      .catch((error: unknown) => {
        reporter.warn(
          `No sign-in could be made: ${error instanceof Error ? error.message : String(error)} Try \`honeyguide status --sign-in\`.`,
        )
        return undefined
      })
    const words =
      replay === null ? 'Ready' : `Ready; this is a recording (${replay.label}), not this machine`
    reporter.say(`${words}, after ${((performance.now() - began) / 1000).toFixed(1)} s.`, {
      address: record.address,
    })
    if (link) {
      reporter.say(
        `\n  Open  ${link.address}\n\n  It signs in once, within ten minutes; \`honeyguide status --sign-in\` makes another.`,
        { signIn: link.address, address: record.address, expires: link.expires },
      )
      if (replay === null)
        reporter.say('  Try   bin/honeyguide demo attack\n  End   Ctrl-C, or bin/honeyguide down\n')
    }
  }
}
