/**
 * Finds, fetches and unpacks a Debian kernel into a cache, without installing it on the host.
 *
 * The newest package whose name matches is taken, so that security updates do not need a change here.
 */
import { execFile } from 'node:child_process'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A kernel that the tests run on. */
export interface GuestKernel {
  /** For example 6.1. */
  readonly version: string
  /** Path of the bzImage. */
  readonly image: string
  /** Name of the Debian package that it came from. */
  readonly packageName: string
}

/** Which kernels are supported, and the packages that hold them. */
export const guestKernels = {
  '6.1': /^linux-image-6\.1\.0-(\d+)-cloud-amd64-unsigned$/,
  '6.12': /^linux-image-6\.12\.(\d+)\+deb12-cloud-amd64-unsigned$/,
} as const satisfies Record<string, RegExp>
export type GuestKernelVersion = keyof typeof guestKernels

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
  await rename(join(boot, image), join(cache, `${best}.vmlinuz`))
  await rm(work, { recursive: true, force: true })
  return { version, image: join(cache, `${best}.vmlinuz`), packageName: best }
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
  const image = join(cache, `${best}.vmlinuz`)
  return (await stat(image)).size > 0 ? { version, image, packageName: best } : undefined
}
