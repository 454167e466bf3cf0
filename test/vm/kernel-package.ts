/**
 * Finds, fetches and unpacks a Debian kernel into a cache, without installing it on the host.
 *
 * The newest package whose name matches is taken, so that security updates do not need a change here. Of its modules
 * those are kept that tests need: interfaces in pairs, and classic traffic control.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, glob, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A kernel that the tests run on. */
export interface GuestKernel {
  /** For example 6.1. */
  readonly version: string
  /** Path of the bzImage. */
  readonly image: string
  /** Folder of its modules, `<name>.ko`. */
  readonly modules: string
  /** Name of the Debian package that it came from. */
  readonly packageName: string
  /** As uname says it. */
  readonly release: string
}

/** Which kernels are supported, and the packages that hold them. */
export const guestKernels = {
  '6.1': /^linux-image-6\.1\.0-(\d+)-cloud-amd64-unsigned$/,
  '6.12': /^linux-image-6\.12\.(\d+)\+deb12-cloud-amd64-unsigned$/,
} as const satisfies Record<string, RegExp>
export type GuestKernelVersion = keyof typeof guestKernels

/** Modules that guests load, in this order; none needs another. */
export const guestModules = ['veth', 'sch_ingress', 'cls_bpf'] as const

/** Throws with apt's words when there is no such package or it cannot be fetched. */
export async function fetchKernel(
  version: GuestKernelVersion,
  cache: string,
): Promise<GuestKernel> {
  await mkdir(cache, { recursive: true })
  const have = await newestUnpacked(version, cache)
  if (have) return have
  const { stdout } = await run('apt-cache', ['pkgnames', 'linux-image-6.'])
  const best = newest(version, stdout.split('\n'))
  if (!best) throw new Error(`apt knows no package for Linux ${version}: run apt-get update`)
  const work = join(cache, `.${best}.${process.pid}`)
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  // The sandbox user of apt may not write here; that is only a warning otherwise.
  await run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', best], {
    cwd: work,
    maxBuffer: 16 << 20,
  })
  const deb = (await readdir(work)).find((name) => name.endsWith('.deb'))
  if (!deb) throw new Error(`apt-get download ${best} left no package`)
  await run('dpkg-deb', ['-x', join(work, deb), join(work, 'tree')])
  const boot = join(work, 'tree', 'boot')
  const image = (await readdir(boot)).find((name) => name.startsWith('vmlinuz'))
  if (!image) throw new Error(`${best} has no kernel image`)
  const kernel = kernelIn(version, cache, best)
  await keepModules(join(work, 'tree'), kernel.modules)
  // Last, because it is by the image that a kernel is known to be there.
  await rename(join(boot, image), kernel.image)
  await rm(work, { recursive: true, force: true })
  return kernel
}

function kernelIn(version: GuestKernelVersion, cache: string, packageName: string): GuestKernel {
  return {
    version,
    image: join(cache, `${packageName}.vmlinuz`),
    modules: join(cache, `${packageName}.modules`),
    packageName,
    release: packageName.replace(/^linux-image-/, '').replace(/-unsigned$/, ''),
  }
}

/** Copies the modules out of an unpacked package; some releases compress them. */
async function keepModules(tree: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of guestModules) {
    const found = await Array.fromAsync(glob(`{,usr/}lib/modules/**/${name}.ko*`, { cwd: tree }))
    const [path] = found
    if (path === undefined) throw new Error(`the package has no module ${name}`)
    await copyFile(join(tree, path), join(folder, basename(path)))
    if (path.endsWith('.xz')) await run('xz', ['-d', join(folder, basename(path))])
  }
}

function newest(version: GuestKernelVersion, names: readonly string[]): string | undefined {
  const number = (name: string): number => Number(guestKernels[version].exec(name)?.[1] ?? -1)
  return names
    .filter((name) => number(name) >= 0)
    .sort((a, b) => number(b) - number(a))
    .at(0)
}

async function newestUnpacked(
  version: GuestKernelVersion,
  cache: string,
): Promise<GuestKernel | undefined> {
  const names = (await readdir(cache))
    .filter((name) => name.endsWith('.vmlinuz'))
    .map((name) => name.slice(0, -8))
  const best = newest(version, names)
  if (!best) return undefined
  const kernel = kernelIn(version, cache, best)
  const isWhole =
    (await stat(kernel.image)).size > 0 &&
    guestModules.every((name) => existsSync(join(kernel.modules, `${name}.ko`)))
  return isWhole ? kernel : undefined
}
