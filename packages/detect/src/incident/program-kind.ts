/**
 * What programs are, by name: who only passes on what others do, who looks around, who fetches.
 *
 * Names of common tools of Unix systems. They decide how evidence is joined and told, not whether something
 * is bad.
 */

const shells = new Set([
  'sh',
  'bash',
  'dash',
  'ash',
  'zsh',
  'ksh',
  'mksh',
  'fish',
  'csh',
  'tcsh',
  'rbash',
  'busybox',
])

/** Start another program on behalf of who started them. */
const wrappers = new Set([
  'sudo',
  'su',
  'doas',
  'runuser',
  'env',
  'nohup',
  'setsid',
  'timeout',
  'nice',
  'ionice',
  'xargs',
  'find',
  'time',
  'script',
  'stdbuf',
  'chroot',
  'unshare',
  'nsenter',
  'flock',
  'watch',
  'strace',
  'exec',
])

/** Start sessions, services and jobs of others: what they start has no part in what else they started. */
const gates = new Set([
  'systemd',
  'init',
  'sshd',
  'sshd-session',
  'dropbear',
  'login',
  'agetty',
  'cron',
  'crond',
  'CRON',
  'atd',
  'anacron',
  'containerd-shim',
  'containerd-shim-runc-v2',
  'containerd',
  'dockerd',
  'conmon',
  'runc',
  'crun',
  'gdm-session-worker',
  'tmux',
  'screen',
  'supervisord',
  'runsv',
  's6-supervise',
  'tini',
  'dumb-init',
])

export function isShell(name: string): boolean {
  return shells.has(name)
}

/** Whether what it starts belongs to what started it. */
export function carriesStory(name: string): boolean {
  return shells.has(name) || wrappers.has(name)
}

export function isGate(name: string): boolean {
  return gates.has(name)
}

/** Of which kind a look around is; several kinds within a minute are a survey, several tools of one kind are not. */
export type DiscoveryKind =
  | 'user'
  | 'system'
  | 'network'
  | 'process'
  | 'account'
  | 'storage'
  | 'service'

const discoveryTools: Readonly<Record<string, readonly [DiscoveryKind, technique: string]>> = {
  id: ['user', 'T1033'],
  whoami: ['user', 'T1033'],
  who: ['user', 'T1033'],
  w: ['user', 'T1033'],
  last: ['user', 'T1033'],
  groups: ['user', 'T1033'],
  logname: ['user', 'T1033'],
  uname: ['system', 'T1082'],
  hostname: ['system', 'T1082'],
  hostnamectl: ['system', 'T1082'],
  lscpu: ['system', 'T1082'],
  uptime: ['system', 'T1082'],
  lsb_release: ['system', 'T1082'],
  dmidecode: ['system', 'T1082'],
  lsmod: ['system', 'T1082'],
  lspci: ['system', 'T1082'],
  ip: ['network', 'T1016'],
  ifconfig: ['network', 'T1016'],
  route: ['network', 'T1016'],
  arp: ['network', 'T1018'],
  ss: ['network', 'T1049'],
  netstat: ['network', 'T1049'],
  lsof: ['network', 'T1049'],
  nmap: ['network', 'T1046'],
  ps: ['process', 'T1057'],
  top: ['process', 'T1057'],
  pgrep: ['process', 'T1057'],
  pstree: ['process', 'T1057'],
  getent: ['account', 'T1087'],
  df: ['storage', 'T1082'],
  mount: ['storage', 'T1082'],
  lsblk: ['storage', 'T1082'],
  findmnt: ['storage', 'T1082'],
  crontab: ['service', 'T1053.003'],
  systemctl: ['service', 'T1082'],
}

const readers = new Set([
  'cat',
  'less',
  'more',
  'head',
  'tail',
  'grep',
  'awk',
  'sed',
  'cut',
  'strings',
])
const toldFiles: readonly (readonly [RegExp, DiscoveryKind, string])[] = [
  [/(^|\s)\/etc\/(passwd|group)(\s|$)/, 'account', 'T1087'],
  [
    /(^|\s)\/etc\/(os-release|issue|lsb-release|debian_version|redhat-release)(\s|$)/,
    'system',
    'T1082',
  ],
  [/(^|\s)\/proc\/(version|cpuinfo|meminfo)(\s|$)/, 'system', 'T1082'],
  [/(^|\s)\/(etc\/(hosts|resolv\.conf)|proc\/net\/\S+)(\s|$)/, 'network', 'T1016'],
]

export interface Discovery {
  readonly kind: DiscoveryKind
  readonly technique: string
}

/** Whether a program was run to look around, and at what; undefined when not. */
export function discoveryOf(name: string, argv: readonly string[]): Discovery | undefined {
  const tool = Object.hasOwn(discoveryTools, name) ? discoveryTools[name] : undefined
  if (tool) {
    // These two list when asked to; otherwise they change or edit.
    if (name === 'systemctl' && !/^(list-|status|show$)/.test(argv[1] ?? 'list-')) return undefined
    if (name === 'crontab' && !argv.includes('-l')) return undefined
    if (name === 'mount' && argv.length > 1) return undefined
    // With a name to look up they are how scripts test for a user.
    if (name === 'id' || name === 'getent') {
      const words = argv.slice(1).filter((word) => !word.startsWith('-'))
      if (words.length > (name === 'id' ? 0 : 1)) return undefined
    }
    if (name === 'hostname' && argv.length > 1 && !(argv[1] ?? '').startsWith('-')) return undefined
    return { kind: tool[0], technique: tool[1] }
  }
  if (!readers.has(name)) return undefined
  const line = argv.slice(1).join(' ')
  for (const [pattern, kind, technique] of toldFiles)
    if (pattern.test(line)) return { kind, technique }
  return undefined
}

/** Tools with which one also looks around, too ordinary to count: they only name a step of what is an incident anyway. */
const ordinaryLooks: Readonly<Record<string, string>> = {
  ls: 'T1083',
  find: 'T1083',
  tree: 'T1083',
  stat: 'T1083',
  file: 'T1083',
  locate: 'T1083',
  which: 'T1083',
  env: 'T1082',
  printenv: 'T1082',
  pwd: 'T1083',
  date: 'T1082',
  nproc: 'T1082',
  free: 'T1082',
  du: 'T1083',
}

/** Technique of a look around, the ordinary ones included; empty when it is none. */
export function lookTechnique(name: string, argv: readonly string[]): string {
  const discovery = discoveryOf(name, argv)
  if (discovery) return discovery.technique
  // `env` with a program to start is a wrapper.
  if (name === 'env' && argv.length > 1) return ''
  return Object.hasOwn(ordinaryLooks, name) ? (ordinaryLooks[name] ?? '') : ''
}

/** Where world-writable or memory-backed folders are: programs seldom live there. */
export function isTemporaryPath(path: string): boolean {
  return /^\/(tmp|var\/tmp|dev\/shm|run\/shm|run\/user\/\d+|dev\/mqueue)\//.test(path)
}
