/**
 * Finds or builds what an example needs: its object, and, on request, its decoders.
 *
 *     node examples/build.ts        # writes every <example>/gen/<example>.ts again
 *
 * In the published package the objects lie beside the examples, so that none needs a compiler; in the repository they
 * are compiled when their source has changed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'

/** Structs that each example's decoders read. */
export const exampleStructs = {
  'count-syscalls': [],
  'trace-exec': ['exec_event'],
  'list-tasks': ['task_row'],
  'trace-function': ['call_event'],
  'drop-port': ['packet_count'],
  'count-traffic': ['traffic_kind', 'traffic'],
  'steer-ports': ['steering'],
  firewall: ['network', 'denied'],
  profile: ['sample'],
} as const satisfies Record<string, readonly string[]>

/** Name of an example's folder. */
export type ExampleName = keyof typeof exampleStructs
export const exampleNames = Object.keys(exampleStructs) as readonly ExampleName[]

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}

/** Where the generated decoders of an example lie. */
export function decodersPath(name: ExampleName): string {
  return pathOf(`${name}/gen/${name}.ts`)
}

/** The path of an example's object: the one that came with the package, or one compiled from its source. */
export async function buildExample(name: ExampleName): Promise<string> {
  const shipped = pathOf(`${name}/${name}.bpf.o`)
  if (existsSync(shipped)) return shipped
  const { compileBpf } = await import('@honeyguide/bpf/compile')
  const { object } = await compileBpf(
    pathOf(`${name}/${name}.bpf.c`),
    pathOf(`.cache/${name}.bpf.o`),
    { includes: [pathOf('../include')] },
  )
  return object
}

/** The decoders that an example should have. */
export async function exampleDecoders(name: ExampleName): Promise<string> {
  const { generateDecoders } = await import('@honeyguide/bpf/decoders')
  return generateDecoders(readFileSync(await buildExample(name)), {
    structs: exampleStructs[name].map((struct) => ({ name: struct })),
    regenerate: 'node packages/bpf/examples/build.ts',
  })
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of exampleNames) {
    if (exampleStructs[name].length === 0) continue
    writeFileSync(decodersPath(name), await exampleDecoders(name))
  }
}
