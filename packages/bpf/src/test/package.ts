/**
 * The published package, unpacked into an empty folder beside what it depends on: `npm run pack` and `npm install` without
 * the network. Guests, which cannot pack, find the folder as the host has made it.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { execPath } from 'node:process'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../../..')
/** Where guests, which cannot pack, find what the host has made for them. */
const guestFolder = join(root, 'build/bpf-package')

/** Packs and unpacks into `folder`, which then has `node_modules` and nothing else. */
function unpackInto(folder: string): void {
  const packed = mkdtempSync(join(tmpdir(), 'bpf-pack-'))
  try {
    execFileSync(execPath, [join(root, 'scripts/pack.ts'), 'bpf', '--out', packed], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [tarball] = globSync(join(packed, 'honeyguide-bpf-*.tgz'))
    if (tarball === undefined) throw new Error('nothing was packed')
    const modules = join(folder, 'node_modules')
    const target = join(modules, '@honeyguide/bpf')
    mkdirSync(target, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
    for (const name of ['koffi', '@koromix'])
      cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true })
  } finally {
    rmSync(packed, { recursive: true, force: true })
  }
}

/** Makes the folder that guests find. */
export function preparePackageForGuests(): void {
  rmSync(guestFolder, { recursive: true, force: true })
  unpackInto(guestFolder)
}

/** An unpacked package, gone with dispose where it was made for the caller. */
export interface UnpackedPackage extends Disposable {
  readonly folder: string
}

/** A fresh one, or in a guest the one that the host has made. */
export function unpackPackage(): UnpackedPackage {
  if (!existsSync(join(root, 'node_modules/typescript'))) {
    return { folder: guestFolder, [Symbol.dispose]: () => undefined }
  }
  const folder = mkdtempSync(join(tmpdir(), 'bpf-package-'))
  unpackInto(folder)
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Where the examples of the unpacked package lie. */
export function packagedExamples(folder: string): string {
  return join(folder, 'node_modules/@honeyguide/bpf/examples')
}
