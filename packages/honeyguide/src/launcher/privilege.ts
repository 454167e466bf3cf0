/**
 * The command line that starts a daemon with exactly the rights of security.md, and nothing else.
 *
 * In this order, each step replacing the one before in the same process: a private mount namespace in which
 * the daemon's code and state are bound (the home of a clone may be closed to its user), limits, then user,
 * groups, capabilities, no-new-privs and a death signal from the launcher, then Node.js. Pure.
 */

/** Capabilities without `CAP_`, as setpriv names them. */
export const sensorCapabilities = [
  'bpf',
  'perfmon',
  'net_admin',
  'sys_ptrace',
  'dac_read_search',
] as const

/** A file or folder that a daemon sees at another place. */
export interface Bind {
  readonly from: string
  readonly to: string
  readonly isWritable: boolean
}

export interface Confinement {
  readonly uid: number
  readonly gid: number
  readonly capabilities: readonly string[]
  /** Empty folder that exists; a small file system of the namespace is mounted over it. */
  readonly appDir: string
  /** What is bound, those below `appDir` and others (their targets exist). */
  readonly binds: readonly Bind[]
  /** Folder of the cgroup to enter; undefined for none. */
  readonly cgroup: string | undefined
  readonly openFiles: number
}

/**
 * Runs in the new mount namespace, as root. Arguments: app folder, cgroup (may be empty), then triples
 * `ro|rw FROM TO`, then `--` and what to run. Nothing is interpolated into its text.
 */
export const viewScript = `
app=$1 cgroup=$2
shift 2
mount -n -t tmpfs -o mode=0755,nosuid,nodev,size=1m,nr_inodes=64k honeyguide "$app"
while [ "$1" != -- ]; do
  mode=$1 from=$2 to=$3
  shift 3
  if [ -d "$from" ]; then mkdir -p "$to"; else mkdir -p "\${to%/*}"; [ -e "$to" ] || : > "$to"; fi
  mount -n --bind "$from" "$to"
  if [ "$mode" = ro ]; then mount -n -o remount,bind,ro,nosuid,nodev "$to"; else mount -n -o remount,bind,nosuid,nodev,noexec "$to"; fi
done
shift
mount -n -o remount,ro,nosuid,nodev "$app"
[ -z "$cgroup" ] || echo 0 > "$cgroup/cgroup.procs"
cd /
exec "$@"
`

/** Command and arguments that run `command` confined. */
export function confine(confinement: Confinement, command: readonly string[]): string[] {
  const { uid, gid, capabilities, appDir, binds, cgroup, openFiles } = confinement
  const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
  return [
    'unshare',
    '--mount',
    '--propagation=private',
    '--',
    '/bin/sh',
    '-euc',
    viewScript,
    'honeyguide-view',
    appDir,
    cgroup ?? '',
    ...binds.flatMap(({ from, to, isWritable }) => [isWritable ? 'rw' : 'ro', from, to]),
    '--',
    'prlimit',
    '--core=0:0',
    `--nofile=${openFiles}:${openFiles}`,
    '--',
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--bounding-set=${set}`,
    `--inh-caps=${set}`,
    `--ambient-caps=${set}`,
    '--no-new-privs',
    // A launcher that is killed takes its daemons along.
    '--pdeathsig=TERM',
    '--',
    ...command,
  ]
}
