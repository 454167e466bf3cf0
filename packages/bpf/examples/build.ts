/**
 * Builds what an example needs: its object, and, on request, its decoders.
 *
 *     node examples/build.ts        # writes every <example>/gen/<example>.ts again
 *
 * A program that ships would build its object once and carry it along.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { argv } from 'node:process'
import { compileBpf } from '../src/compile.ts'
import { generateDecoders } from '../src/decoder-source.ts'

/** Structs that each example's decoders read. */
export const exampleStructs = {
  'count-syscalls': [],
  'trace-exec': ['exec_event'],
  'list-tasks': ['task_row'],
} as const satisfies Record<string, readonly string[]>

/** Name of an example's folder. */
export type ExampleName = keyof typeof exampleStructs

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}

/** Where the generated decoders of an example lie. */
export function decodersPath(name: ExampleName): string {
  return pathOf(`${name}/gen/${name}.ts`)
}

/** Compiles an example's eBPF program; returns the object's path. */
export async function buildExample(name: ExampleName): Promise<string> {
  const { object } = await compileBpf(
    pathOf(`${name}/${name}.bpf.c`),
    pathOf(`.cache/${name}.bpf.o`),
    { includes: [pathOf('../include')] },
  )
  return object
}

/** The decoders that an example should have. */
export async function exampleDecoders(name: ExampleName): Promise<string> {
  return generateDecoders(readFileSync(await buildExample(name)), {
    structs: exampleStructs[name].map((struct) => ({ name: struct })),
    importFrom: '../../../src/index.ts',
    regenerate: 'node packages/bpf/examples/build.ts',
  })
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(exampleStructs) as ExampleName[]) {
    if (exampleStructs[name].length === 0) continue
    writeFileSync(decodersPath(name), await exampleDecoders(name))
  }
}
