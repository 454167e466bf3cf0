/**
 * Where things are: the code that daemons run, the state that is kept, what exists only while it runs.
 *
 * An instance is named by its state folder: its id (8 hex digits of a hash of the folder) names its runtime
 * folder, its pins and its cgroup, so that several can run on one machine.
 */
import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { getuid } from 'node:process'

/** What is run, as it lies on disk. */
export interface AppLayout {
  readonly kind: 'clone' | 'installed'
  /** Folder that holds everything the daemons run. */
  readonly root: string
  /** Parts of `root` that a daemon sees, read-only. */
  readonly pieces: readonly string[]
  /** The rest, relative to `root`. */
  readonly sensorMain: string
  readonly hubMain: string
  readonly objectDir: string
  readonly pageDir: string
  readonly rulesDir: string
  /** The hour that `--demo` replays. */
  readonly demoRecording: string
}

const here = realpathSync(import.meta.dirname)

/** Layout of a clone: sources that Node.js runs as they are. */
function cloneLayout(root: string): AppLayout {
  return {
    kind: 'clone',
    root,
    pieces: ['package.json', 'node_modules', 'packages', 'rules', 'build/bpf', 'recordings'],
    sensorMain: 'packages/sensor/src/main.ts',
    hubMain: 'packages/hub/src/main.ts',
    objectDir: 'build/bpf',
    pageDir: 'packages/ui/dist',
    rulesDir: 'rules',
    demoRecording: 'recordings/demo-hour.hgrec',
  }
}

/** Layout of an installed package: `dist/` as scripts/pack.ts makes it, below some node_modules or not. */
function installedLayout(packageDir: string): AppLayout {
  const marker = '/node_modules/'
  const at = packageDir.lastIndexOf(marker)
  const root = at < 0 ? packageDir : packageDir.slice(0, at) || '/'
  const prefix = at < 0 ? '' : `${packageDir.slice(at + 1)}/`
  return {
    kind: 'installed',
    root,
    pieces: at < 0 ? ['package.json', 'dist', 'node_modules'] : ['node_modules'],
    sensorMain: `${prefix}dist/packages/sensor/src/main.js`,
    hubMain: `${prefix}dist/packages/hub/src/main.js`,
    objectDir: `${prefix}dist/bpf`,
    pageDir: `${prefix}dist/page`,
    rulesDir: `${prefix}dist/rules`,
    demoRecording: `${prefix}dist/recordings/demo-hour.hgrec`,
  }
}

/** The layout of the code that is running. */
export function appLayout(): AppLayout {
  // In a clone this file is packages/honeyguide/src/place.ts; installed it is dist/packages/honeyguide/src/place.js.
  return import.meta.filename.endsWith('.ts')
    ? cloneLayout(resolve(here, '../../..'))
    : installedLayout(resolve(here, '../../../..'))
}

/** Folder for the state when the configuration says `auto`. */
export function defaultStateDir(layout: AppLayout): string {
  return layout.kind === 'clone' ? join(layout.root, '.honeyguide') : '/var/lib/honeyguide'
}

/** Everything that an instance uses, by absolute path as seen from outside of its daemons. */
export interface Instance {
  readonly id: string
  readonly stateDir: string
  /** Gone when nothing runs. */
  readonly runDir: string
  readonly recordFile: string
  readonly lockFile: string
  readonly uplinkSocket: string
  readonly apiSocket: string
  readonly observeSocket: string
  readonly pinDir: string
  /** Whether it runs with users, namespaces and pins of its own (started as root). */
  readonly isPrivileged: boolean
}

export const bpffs = '/sys/fs/bpf'

/** Follows links as far as the folder exists, so that one folder has one name. */
function canonical(path: string): string {
  const full = resolve(path)
  if (existsSync(full)) return realpathSync(full)
  const parent = dirname(full)
  return parent === full ? full : join(canonical(parent), basename(full))
}

/** The instance that keeps its state in `stateDir`; touches nothing. */
export function instanceOf(stateDir: string, uid: number = getuid?.() ?? 0): Instance {
  const state = canonical(stateDir)
  const id = createHash('sha256').update(state).digest('hex').slice(0, 8)
  const ofRoot = join('/run/honeyguide', id)
  // What root started is found by everybody; whether they may use it, its sockets say.
  const runDir = uid === 0 || existsSync(ofRoot) ? ofRoot : join(tmpdir(), `honeyguide-${uid}`, id)
  return {
    id,
    stateDir: state,
    runDir,
    recordFile: join(runDir, 'run.json'),
    lockFile: join(runDir, 'launcher.lock'),
    uplinkSocket: join(runDir, 'uplink/uplink.sock'),
    apiSocket: join(runDir, 'api/api.sock'),
    observeSocket: join(runDir, 'observe/observe.sock'),
    pinDir: join(bpffs, 'honeyguide', id),
    isPrivileged: uid === 0,
  }
}
