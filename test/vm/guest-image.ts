/**
 * Builds the initramfs in which the kernel tests run: busybox, the pinned Node, libbpf, this repository
 * as it is built on the host, and nothing that compiles.
 *
 * Files keep their absolute paths, so that what was built on the host is found by the caches of the
 * tests; `clang` is a script that tells the host's version and refuses to compile.
 */
import { execFile } from 'node:child_process'
import {
  chmod,
  copyFile,
  glob,
  mkdir,
  readFile,
  readlink,
  lstat,
  symlink,
  writeFile,
  rm,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface GuestImageOptions {
  /** The repository. */
  readonly root: string
  /** Where to build; emptied first. */
  readonly workDir: string
  /** Paths below the repository that go along (files or folders). */
  readonly include: readonly string[]
  /** Absolute paths of the host that go along, with the libraries that they need. */
  readonly programs: readonly string[]
  /** Folders of modules by the release of the kernel that loads them (`uname -r`). */
  readonly modules?: Readonly<Record<string, string>>
  /** What the guest runs after it has set itself up: a shell script. */
  readonly script: string
}

const init = `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /run /sys/fs/bpf
mount -t devpts -o gid=5,mode=620,ptmxmode=666 pts /dev/pts
# Nothing is mounted there: the repository may lie below it.
chmod 1777 /tmp
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs run /run
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
ip link set lo up
for module in /modules/$(uname -r)/*.ko; do [ -e "$module" ] && insmod "$module"; done
echo 0 > /proc/sys/kernel/printk_devkmsg 2>/dev/null
. /guest-script
echo GUEST-END $?
poweroff -f
`

/** Builds and returns the path of the uncompressed cpio archive (it boots faster than a compressed one). */
export async function buildGuestImage(options: GuestImageOptions): Promise<string> {
  const { root, workDir, include, programs, script } = options
  const tree = join(workDir, 'tree')
  await rm(workDir, { recursive: true, force: true })
  for (const folder of [
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'proc',
    'sys',
    'dev',
    'root',
    'etc',
    'tmp',
    'run',
    'var/lib',
  ])
    await mkdir(join(tree, folder), { recursive: true })

  await install(tree, '/bin/busybox', 'bin/busybox')
  const { stdout } = await run('/bin/busybox', ['--list'])
  for (const applet of stdout.split('\n').filter((name) => name !== '' && name !== 'busybox'))
    await symlink('/bin/busybox', join(tree, 'bin', applet))
  await writeFile(join(tree, 'init'), init, { mode: 0o755 })
  await writeFile(join(tree, 'guest-script'), script)
  await writeFile(
    join(tree, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n',
  )
  await writeFile(join(tree, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n')

  for (const program of programs) await installProgram(tree, program)
  for (const [release, folder] of Object.entries(options.modules ?? {})) {
    await mkdir(join(tree, 'modules'), { recursive: true })
    await run('cp', ['-r', folder, join(tree, 'modules', release)])
  }
  const copy = await under(tree, root)
  for (const path of include) await run('cp', ['-a', '--parents', path, copy], { cwd: root })

  // What the caches of compiled test programs look at: the inputs of each object.
  const inputs = new Set<string>()
  for await (const note of glob(
    ['build/**/*.inputs.json', 'packages/bpf/examples/.cache/*.inputs.json'],
    { cwd: root },
  ))
    for (const input of (
      JSON.parse(await readFile(join(root, note), 'utf8')) as { inputs: string[] }
    ).inputs)
      inputs.add(input)
  for (const input of inputs) await install(tree, input, input).catch(() => undefined)
  const version = await run('clang', ['--version']).then((result) => result.stdout)
  await writeFile(join(tree, 'etc/clang-version'), version)
  await rm(join(tree, 'usr/bin/clang'), { force: true })
  await writeFile(
    join(tree, 'usr/bin/clang'),
    '#!/bin/sh\n[ "$1" = --version ] && exec cat /etc/clang-version\necho "no compiler in the guest: build on the host first" >&2\nexit 1\n',
  )
  await chmod(join(tree, 'usr/bin/clang'), 0o755)

  const archive = join(workDir, 'initramfs.cpio')
  await run('sh', ['-c', 'find . -print0 | cpio --null --quiet -o -H newc > "$0"', archive], {
    cwd: tree,
    maxBuffer: 64 << 20,
  })
  await rm(tree, { recursive: true, force: true })
  return archive
}

/** The folder in the guest that stands for `root`, made when needed. */
async function under(tree: string, root: string): Promise<string> {
  const folder = join(tree, root)
  await mkdir(folder, { recursive: true })
  return folder
}

async function install(tree: string, from: string, to: string): Promise<void> {
  const target = join(tree, to)
  await mkdir(dirname(target), { recursive: true })
  const info = await lstat(from)
  if (info.isSymbolicLink()) {
    const link = await readlink(from)
    await symlink(link, target).catch(() => undefined)
    const real = link.startsWith('/') ? link : join(dirname(from), link)
    await install(tree, real, real)
    return
  }
  await copyFile(from, target)
  await chmod(target, info.mode & 0o7777)
}

async function installProgram(tree: string, program: string): Promise<void> {
  await install(tree, program, program).catch((cause: unknown) => {
    throw new Error(`the guest needs ${program}`, { cause })
  })
  const { stdout } = await run('ldd', [program]).catch(() => ({ stdout: '' }))
  for (const match of stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)) {
    const library = match[1]
    if (library) await install(tree, library, library).catch(() => undefined)
  }
}
