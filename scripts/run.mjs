/**
 * Sets up what a job needs, says what it does, and runs the job with the Node.js that package.json pins:
 *
 *     node scripts/run.mjs start|test|acceptance|check|format|gen|pack|shots [arguments]
 *
 * Plain JavaScript of 2020 with `node:` modules only, because it runs before anything is installed, on
 * any Node.js from 18 on. Set-up happens under a lock, so two of these may be started at once; a step
 * whose inputs have not changed is skipped. What cannot be set up is said, with what goes without it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const machine = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch]
const began = Date.now()

/**
 * Debian packages: who needs it, why, and a file that proves it is there (one of several where the path differs).
 * `start` is what watching this machine needs; `test` is what the suites need on top.
 */
const debianPackages = [
  {
    name: 'libbpf1',
    for: 'start',
    why: 'loads the eBPF programs',
    without: 'nothing can be seen on this machine',
    proof: [`/usr/lib/${machine}/libbpf.so.1`, `/lib/${machine}/libbpf.so.1`],
  },
  {
    name: 'clang',
    for: 'start',
    why: 'compiles the eBPF programs',
    without: 'changed eBPF programs cannot be compiled',
    proof: ['/usr/bin/clang'],
  },
  {
    name: 'libbpf-dev',
    for: 'start',
    why: 'headers of the eBPF programs',
    without: 'changed eBPF programs cannot be compiled',
    proof: ['/usr/include/bpf/bpf_helpers.h'],
  },
  {
    name: 'linux-libc-dev',
    for: 'start',
    why: 'headers of the kernel',
    without: 'changed eBPF programs cannot be compiled',
    proof: ['/usr/include/linux/bpf.h'],
  },
  {
    name: 'util-linux',
    for: 'start',
    why: 'setpriv, prlimit, unshare and flock: daemons without privileges',
    without: 'the daemons cannot be started with the privilege split',
    proof: ['/usr/bin/setpriv'],
  },
  {
    name: 'passwd',
    for: 'start',
    why: 'useradd: the users that the daemons run as',
    without: 'the users must be made by hand',
    proof: ['/usr/sbin/useradd'],
  },
  {
    name: 'mount',
    for: 'start',
    why: 'bind mounts in the namespaces of the daemons',
    without: 'the daemons cannot be given what they run',
    proof: ['/usr/bin/mount', '/bin/mount'],
  },
  {
    name: 'gcc',
    for: 'test',
    why: 'compiles the programs that offer load to the tests',
    without: 'tests with generators are skipped',
    proof: ['/usr/bin/gcc'],
  },
  {
    name: 'libc6-dev',
    for: 'test',
    why: 'headers for the same programs',
    without: 'tests with generators are skipped',
    proof: ['/usr/include/stdio.h'],
  },
  {
    name: 'chromium',
    for: 'test',
    why: 'tests of the page',
    without: 'tests of the page are skipped',
    proof: ['/usr/bin/chromium'],
  },
  {
    name: 'fonts-dejavu-core',
    for: 'test',
    why: 'right-to-left and other scripts in pictures of the page',
    without: 'some characters are boxes in pictures',
    proof: ['/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'],
  },
  {
    name: 'qemu-system-x86',
    for: 'test',
    why: 'tests on other kernels',
    without: 'tests on other kernels are skipped',
    proof: ['/usr/bin/qemu-system-x86_64'],
  },
  {
    name: 'busybox-static',
    for: 'test',
    why: 'the small system that those kernels boot',
    without: 'tests on other kernels are skipped',
    proof: ['/usr/share/doc/busybox-static'],
  },
  {
    name: 'cpio',
    for: 'test',
    why: 'packs that system',
    without: 'tests on other kernels are skipped',
    proof: ['/usr/bin/cpio', '/bin/cpio'],
  },
  {
    name: 'auditd',
    for: 'test',
    why: 'the peer that costs are compared with',
    without: 'the comparison is skipped',
    proof: ['/sbin/auditctl', '/usr/sbin/auditctl'],
  },
  {
    name: 'rpm',
    for: 'test',
    why: 'makes the package databases of other distributions that provenance reads',
    without: 'the tests of rpm databases are skipped',
    proof: ['/usr/bin/rpmbuild'],
  },
  ...['curl', 'wget'].map((name) => ({
    name,
    for: 'test',
    why: `a chain of the demonstration that downloads with ${name}`,
    without: 'the test of that chain fails',
    proof: [`/usr/bin/${name}`],
  })),
  // Ordinary work that `demo benign` does where it can; the promise about it is shown with all of it.
  ...[
    ['openssh-server', '/usr/sbin/sshd', 'git over ssh'],
    ['sudo', '/usr/bin/sudo', 'commands with sudo'],
    ['postgresql', '/usr/lib/postgresql', 'the dump of a PostgreSQL database'],
    ['nginx-light', '/usr/sbin/nginx', 'nginx under load'],
    ['logrotate', '/usr/sbin/logrotate', 'rotation by logrotate'],
    ['cron', '/usr/sbin/cron', 'jobs of cron'],
    ['sqlite3', '/usr/bin/sqlite3', 'the dump of a SQLite database'],
    ['openssh-client', '/usr/bin/ssh', 'git over ssh'],
    ['git', '/usr/bin/git', 'git'],
    ['make', '/usr/bin/make', 'a build'],
  ].map(([name, proof, what]) => ({
    name,
    for: 'acceptance',
    why: `ordinary work: ${what}`,
    without: `demo benign leaves out ${what}`,
    proof: [proof],
  })),
]

/** What each job needs before it runs, and what it runs. */
const jobs = {
  start: {
    packages: ['start'],
    builds: ['objects', 'page'],
    run: ['packages/honeyguide/src/main.ts', 'up'],
  },
  test: { packages: ['start', 'test'], builds: ['objects', 'page'], run: ['scripts/test.ts'] },
  acceptance: {
    packages: ['start', 'test', 'acceptance'],
    builds: ['objects', 'page'],
    run: ['scripts/acceptance.ts'],
  },
  check: { packages: [], builds: [], run: ['scripts/test.ts', 'check'] },
  format: { packages: [], builds: [], run: ['node_modules/oxfmt/bin/oxfmt', '.'] },
  gen: { packages: ['start'], builds: ['objects'], run: ['scripts/gen.ts'] },
  pack: { packages: ['start'], builds: ['objects', 'page'], run: ['scripts/pack.ts'] },
  shots: { packages: ['start', 'test'], builds: ['page'], run: ['scripts/shots.ts'] },
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

/** Says what fails and what to do about it, and ends. */
function fail(what, fix) {
  say(`\nnot possible: ${what}`)
  if (fix) say(`what to do:   ${fix}`)
  process.exit(1)
}

function step(text, work) {
  const since = Date.now()
  say(`${text} ...`)
  work()
  say(`  done in ${seconds(since)}`)
}

function runOrFail(command, args, options, fix) {
  const done = spawnSync(
    command,
    args,
    Object.assign({ cwd: root, stdio: ['ignore', 2, 2] }, options),
  )
  if (done.error) fail(`${command} could not be run: ${done.error.message}`, fix)
  if (done.status !== 0)
    fail(
      `${command} ${args.join(' ')} ended with ${done.status === null ? done.signal : done.status}`,
      fix,
    )
}

/** Waits until no other set-up runs in this folder. The lock is the kernel's: it dies with this process. */
function lockSetUp() {
  const folder = path.join(root, 'build')
  mkdirSync(folder, { recursive: true })
  const fd = openSync(path.join(folder, '.set-up.lock'), 'a')
  const attempt = (args) => spawnSync('flock', [...args, '3'], { stdio: ['ignore', 2, 2, fd] })
  const first = attempt(['--nonblock'])
  if (first.error) say('flock is not here: do not run two set-ups at once')
  else if (first.status !== 0) {
    say('another set-up is running in this folder; waiting for it ...')
    attempt([])
  }
  return () => closeSync(fd)
}

/** Every file below the folders and files named, in a fixed order, as one hash. */
function hashOf(names, skip) {
  const hash = createHash('sha256')
  const visit = (name) => {
    const full = path.join(root, name)
    let entries
    try {
      entries = readdirSync(full, { withFileTypes: true })
    } catch (error) {
      if (error.code === 'ENOTDIR') hash.update(`${name}\0`).update(readFileSync(full)).update('\0')
      return
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      if (skip.has(entry.name) || /\.(test|fuzz)\.ts$/.test(entry.name)) continue
      if (entry.isDirectory() || entry.isFile()) visit(`${name}/${entry.name}`)
    }
  }
  for (const name of names) visit(name)
  return hash.digest('hex')
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}

/** Whether node_modules already holds exactly what the lock file says, as npm itself noted. */
function isInstalled(lockText) {
  let wanted
  let have
  try {
    wanted = JSON.parse(lockText).packages
    have = JSON.parse(
      readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8'),
    ).packages
  } catch {
    return false
  }
  for (const [name, want] of Object.entries(wanted)) {
    if (!name.startsWith('node_modules/')) continue
    const got = have[name]
    if (got === undefined) {
      if (want.optional || want.peer || want.devOptional) continue
      return false
    }
    if (got.version !== want.version || got.integrity !== want.integrity) return false
    if (!existsSync(path.join(root, name))) return false
  }
  return Object.keys(have).every((name) => wanted[name] !== undefined)
}

function installNodeModules() {
  const lockText = readFileSync(path.join(root, 'package-lock.json'), 'utf8')
  const stampFile = path.join(root, 'node_modules/.stamp')
  const wanted = createHash('sha256').update(lockText).update(`\0${process.arch}`).digest('hex')
  if (readOr(stampFile, '') === wanted) return
  if (!isInstalled(lockText)) {
    step('installing npm packages (package-lock.json, no install scripts)', () => {
      const npm = process.env.npm_execpath
      // npm is written for the Node.js that it came with, not for the pinned one.
      const viaNode = npm && /\.[cm]?js$/.test(npm)
      const run = (args) => [viaNode ? process.execPath : 'npm', viaNode ? [npm, ...args] : args]
      const [command, args] = run(['ci', '--ignore-scripts'])
      const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
      if (done.status === 0) return
      // A lock file that npm holds to be incomplete (see complete-lock.ts) still names every version and hash.
      say('  npm ci refused; trying npm install, which changes neither file')
      runOrFail(...run(['install', '--ignore-scripts', '--no-save']), {}, offline)
    })
  }
  writeFileSync(stampFile, wanted)
}
const offline =
  'check that the npm registry of this machine can be reached, then run the same command again'

function canWrite(file) {
  try {
    accessSync(file, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function installDebianPackages(wantedFor) {
  const missing = debianPackages.filter(
    (row) => wantedFor.includes(row.for) && !row.proof.some((file) => existsSync(file)),
  )
  if (missing.length === 0) return
  const names = missing.map((row) => row.name)
  const isRoot = process.getuid && process.getuid() === 0
  const apt = existsSync('/usr/bin/apt-get')
  if (!isRoot || !apt) {
    say(
      isRoot
        ? 'this system has no apt-get; missing:'
        : 'without root nothing can be installed; missing:',
    )
    for (const row of missing) say(`  ${row.name}: ${row.why}; without it ${row.without}`)
    if (apt)
      say(`  to install them: sudo apt-get install --no-install-recommends ${names.join(' ')}`)
    return
  }
  for (const row of missing) say(`needs ${row.name}: ${row.why}`)
  const env = Object.assign({}, process.env, {
    DEBIAN_FRONTEND: 'noninteractive',
    NEEDRESTART_SUSPEND: '1',
  })
  // Both wait for whoever holds the package database.
  const wait = ['-o', 'DPkg::Lock::Timeout=600', '-o', 'APT::Get::Lock::Timeout=600', '-q']
  // A package with a service (auditd) is wanted for its programs: nothing is to start by itself.
  const policy = '/usr/sbin/policy-rc.d'
  const ours = !existsSync(policy) && canWrite('/usr/sbin')
  step(`installing ${names.length} Debian packages`, () => {
    runOrFail('apt-get', [...wait, 'update'], { env }, 'check the apt sources of this machine')
    if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    try {
      const done = spawnSync(
        'apt-get',
        [...wait, 'install', '-y', '--no-install-recommends', ...names],
        {
          env,
          stdio: ['ignore', 2, 2],
        },
      )
      if (done.status !== 0) {
        // One package that cannot be had must not cost the others.
        for (const row of missing) {
          const one = spawnSync(
            'apt-get',
            [...wait, 'install', '-y', '--no-install-recommends', row.name],
            {
              env,
              stdio: ['ignore', 'ignore', 2],
            },
          )
          if (one.status !== 0)
            say(`  ${row.name} could not be installed; without it ${row.without}`)
        }
      }
    } finally {
      if (ours) rmSync(policy, { force: true })
    }
  })
}

/** What is built from sources in this tree; each has a hash of its inputs beside its output. */
const builds = {
  objects: {
    title: 'compiling the eBPF programs',
    inputs: [
      'packages/sensor/bpf',
      'packages/sensor/src/probes',
      'packages/sensor/src/kernel/build.ts',
      'packages/bpf/src/compile.ts',
    ],
    stamp: 'build/bpf/.stamp',
    possible: () => existsSync('/usr/bin/clang') && existsSync('/usr/include/bpf/bpf_helpers.h'),
    impossible: 'clang and libbpf-dev are not here: the eBPF programs are not compiled',
    exists: () => existsSync(path.join(root, 'packages/sensor/src/kernel/build.ts')),
    run: () =>
      runOrFail(
        pinnedNode(),
        ['packages/sensor/src/kernel/build.ts', 'build/bpf'],
        {},
        'the words of the compiler are above',
      ),
  },
  page: {
    title: 'building the page',
    inputs: ['packages/ui', 'packages/model/src', 'package-lock.json'],
    stamp: 'packages/ui/dist/.stamp',
    possible: () => true,
    exists: () => existsSync(path.join(root, 'packages/ui/index.html')),
    run: () =>
      runOrFail(
        pinnedNode(),
        ['../../node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'],
        { cwd: path.join(root, 'packages/ui') },
        'the words of vite are above',
      ),
  },
}

function build(name) {
  const row = builds[name]
  if (!row.exists()) return
  const stampFile = path.join(root, row.stamp)
  const wanted = hashOf(row.inputs, new Set(['node_modules', 'dist', 'README.md', '.vite']))
  if (readOr(stampFile, '') === wanted) return
  if (!row.possible()) {
    say(row.impossible)
    return
  }
  step(row.title, row.run)
  mkdirSync(path.dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, wanted)
}

function pinnedNode() {
  const file = path.join(root, 'node_modules', `node-linux-${process.arch}`, 'bin/node')
  if (!existsSync(file))
    fail(
      `there is no Node.js for ${process.platform} ${process.arch} among the npm packages`,
      'run it on Linux, x86-64',
    )
  return file
}

/** Runs the job in the place of this process: same terminal, same signals, same exit code. */
function become(command, args) {
  const env = Object.assign({}, process.env, {
    NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/compile'),
  })
  // What npm sets for its scripts is not for what runs here.
  for (const name of Object.keys(env))
    if (/^npm_/i.test(name) || name === 'INIT_CWD' || name === 'NODE_OPTIONS') delete env[name]
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env })
  // Ctrl-C reaches the child through the terminal; a signal to this process alone is passed on.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`${command} could not be run: ${error.message}`))
  child.on('exit', (code, signal) =>
    process.exit(code === null ? 128 + (os.constants.signals[signal] || 0) : code),
  )
}

const [name, ...rest] = process.argv.slice(2)
const job = jobs[name]
if (!job)
  fail(`there is no job ${name || '(none named)'}`, `one of ${Object.keys(jobs).join(', ')}`)
if (process.platform !== 'linux') fail(`this is ${process.platform}`, 'run it on Linux')
// What is installed and built here is run by the daemons' users too.
process.umask(0o022)
const isDemo = name === 'start' && rest.includes('--demo')
const unlock = lockSetUp()
installNodeModules()
if (!isDemo) installDebianPackages(job.packages)
for (const one of job.builds) if (!(isDemo && one === 'objects')) build(one)
unlock()
if (Date.now() - began > 1000) say(`set up in ${seconds(began)}`)
become(pinnedNode(), [
  ...job.run.map((word) => (word.length > 1 && word.includes('/') ? path.join(root, word) : word)),
  ...rest,
])
