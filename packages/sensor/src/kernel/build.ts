/**
 * Builds the sensor's eBPF objects, and writes what is generated from them:
 *
 *     bin/node packages/sensor/src/kernel/build.ts OUT            objects into the folder OUT
 *     bin/node packages/sensor/src/kernel/build.ts OUT --generate and gen/*.ts of this package
 *
 * A probe is a folder: the folders are what is compiled and what `gen/probes.ts` lists.
 * A build tool: no running sensor loads it.
 */
import { mkdirSync, readdirSync, readFileSync, existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compileBpf } from '@honeyguide/bpf/compile'
import { generateDecoders } from '@honeyguide/bpf/decoders'
import { camelCase } from './camel-case.ts'

const packageDir = resolve(import.meta.dirname, '../..')
const probesDir = join(packageDir, 'src/probes')

/** Names of the probe folders, in order. */
export function probeFolders(): string[] {
  return readdirSync(probesDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter((name) => existsSync(join(probesDir, name, `${name}.bpf.c`)))
    .toSorted()
}

/** What came of a build. */
export interface BuiltObjects {
  /** All probes. */
  readonly sensor: string
  /** The same for kernels with untyped casts (`bpf_rdonly_cast_void`); bpf/read/kernel-memory.h says why. */
  readonly sensorCasts: string
  /** Iterators that run once at start. */
  readonly snapshot: string
}

function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  writeFileSync(path, text)
}

/** Compiles what has changed into `outDir`. Throws `BPF_COMPILE_FAILED` with clang's words. */
export async function buildObjects(outDir: string): Promise<BuiltObjects> {
  const folder = resolve(outDir)
  mkdirSync(folder, { recursive: true })
  const unit = join(folder, 'sensor.bpf.c')
  const sources = [
    join(packageDir, 'bpf/sys_exit.bpf.c'),
    join(packageDir, 'bpf/counted.bpf.c'),
    ...probeFolders().map((name) => join(probesDir, name, `${name}.bpf.c`)),
    // Calls what the probes have for packets.
    join(packageDir, 'bpf/packet.bpf.c'),
  ]
  writeIfChanged(
    unit,
    [
      '/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */',
      '/* Generated: one object of all probes. */',
      ...sources.map((source) => `#include "${source}"`),
      'char hg_license[] SEC("license") = "Dual BSD/GPL";',
      '',
    ].join('\n'),
  )
  const [sensor, sensorCasts, snapshot] = await Promise.all([
    compileBpf(unit, join(folder, 'sensor.bpf.o')),
    compileBpf(unit, join(folder, 'sensor-casts.bpf.o'), { defines: { HG_UNTYPED_CASTS: '1' } }),
    compileBpf(join(packageDir, 'bpf/snapshot.bpf.c'), join(folder, 'snapshot.bpf.o')),
  ])
  return {
    sensor: sensor.object,
    sensorCasts: sensorCasts.object,
    snapshot: snapshot.object,
  }
}

/** Text of `gen/probes.ts`: the table that the loader walks. */
export function probesSource(): string {
  const names = probeFolders()
  return [
    '/** Generated from the folders of src/probes; do not edit. Again: npm run gen */',
    "import type { Probe } from '../src/probes/probe.ts'",
    ...names.map(
      (name) => `import { probe as ${camelCase(name)} } from '../src/probes/${name}/${name}.ts'`,
    ),
    '',
    'export const probes: readonly Probe[] = [',
    ...names.map((name) => `  ${camelCase(name)},`),
    ']',
    '',
  ].join('\n')
}

/** C structs that decoders are generated for: the head, counters, repeats, and what each probe's C file declares for BTF. */
export function recordStructs(): string[] {
  const names = ['hg_event', 'hg_counters', 'hg_repeat_key', 'hg_repeat']
  for (const name of probeFolders()) {
    const source = readFileSync(join(probesDir, name, `${name}.bpf.c`), 'utf8')
    for (const found of source.matchAll(/^const struct (hg_\w+) \*\w+_type /gm))
      names.push(found[1] ?? '')
  }
  return names
}

/** Text of `gen/records.ts` for the built sensor object. */
export function recordsSource(sensorObject: string): string {
  return generateDecoders(readFileSync(sensorObject), {
    structs: recordStructs().map((name) => ({ name })),
    stripPrefix: 'hg_',
    regenerate: 'npm run gen',
  })
}

/** Text of `gen/snapshot-records.ts` for the built snapshot object. */
export function snapshotSource(snapshotObject: string): string {
  return generateDecoders(readFileSync(snapshotObject), {
    structs: [{ name: 'hg_task' }, { name: 'hg_task_socket' }],
    stripPrefix: 'hg_',
    regenerate: 'npm run gen',
  })
}

if (import.meta.main) {
  const [outDir, ...options] = process.argv.slice(2)
  if (outDir === undefined) throw new Error('usage: build.ts OUT [--generate]')
  const built = await buildObjects(outDir)
  if (options.includes('--generate')) {
    const genDir = join(packageDir, 'gen')
    mkdirSync(genDir, { recursive: true })
    writeIfChanged(join(genDir, 'records.ts'), recordsSource(built.sensor))
    writeIfChanged(join(genDir, 'snapshot-records.ts'), snapshotSource(built.snapshot))
    writeIfChanged(join(genDir, 'probes.ts'), probesSource())
  }
}
