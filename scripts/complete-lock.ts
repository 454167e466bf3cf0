/**
 * Completes package-lock.json with the optional packages of other platforms that npm left out:
 *
 *     bin/node scripts/complete-lock.ts
 *
 * A registry that lacks one of them (they are published one by one) makes npm write a lock file without it, and
 * `npm ci` then refuses the lock file as incomplete. An entry that names its platform is enough: npm skips it
 * without asking for it. Only entries for platforms that we do not run on are added, so none of them is ever
 * installed here without its integrity.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const systems: readonly string[] = [
  'darwin',
  'win32',
  'android',
  'freebsd',
  'openbsd',
  'netbsd',
  'sunos',
  'aix',
  'openharmony',
  'linux',
]
const processors: Readonly<Record<string, string>> = {
  x64: 'x64',
  arm64: 'arm64',
  aarch64: 'arm64',
  arm: 'arm',
  armv7: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  riscv64gc: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  wasm32: 'wasm32',
  mips64el: 'mips64el',
  universal: 'x64',
}

/** Platform that a package's name tells: `@x/y-linux-arm64-musl`. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.toLowerCase().split(/[^a-z0-9]+/)
  const os = systems.filter(
    (system) => words.includes(system) || (system === 'win32' && words.includes('windows')),
  )
  const cpu = words.flatMap((word) => processors[word] ?? [])
  const isMusl = words.some((word) => word.startsWith('musl'))
  return {
    ...(os.length > 0 ? { os } : {}),
    ...(cpu.length > 0 ? { cpu: [...new Set(cpu)] } : {}),
    ...(isMusl ? { libc: ['musl'] } : {}),
  }
}

const file = join(resolve(import.meta.dirname, '..'), 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockEntry> }
let added = 0
/** Where a package at `from` finds `name`, from the nearest node_modules up. */
function placesFor(from: string, name: string): string[] {
  const parts = from.split('node_modules/').slice(0, -1)
  return [
    `${from}/`,
    ...parts.map((_, index) => parts.slice(0, parts.length - index).join('node_modules/')),
  ].map((prefix) => `${prefix}node_modules/${name}`)
}

for (const [from, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const wanted = version.replace(/^[\^~]/, '')
    const places = placesFor(from, name)
    if (places.some((place) => lock.packages[place]?.version === wanted)) continue
    // As far up as it is free: where npm would put it.
    let place = places[0] ?? ''
    for (const one of places) {
      if (lock.packages[one] !== undefined) break
      place = one
    }
    const platform = platformOf(name)
    const isOurs =
      platform.os?.includes('linux') === true &&
      platform.cpu?.includes('x64') === true &&
      platform.libc === undefined
    if (isOurs || (platform.os === undefined && platform.cpu === undefined)) {
      console.log(`left out: ${name}@${version} (its platform is ours or not known)`)
      continue
    }
    lock.packages[place] = {
      version: wanted,
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
      ...platform,
    }
    added += 1
  }
}
if (added > 0) {
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
  writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`)
}
console.log(`${added} entries added`)
