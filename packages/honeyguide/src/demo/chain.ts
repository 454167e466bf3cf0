/**
 * A chain of steps as data: what `demo attack` carries out, whether a seed made it or a manifest tells it.
 *
 * The manifest is YAML (JSON is YAML too); README.md in this folder describes every key. Pure.
 */
import { parseBoundedYaml } from '@honeyguide/model/config'
import { HoneyguideError } from '@honeyguide/model/errors'
import { z } from 'zod'

const fileName = z
  .string()
  .regex(
    /^[A-Za-z0-9._-]{1,48}$/,
    'a file name of at most 48 letters, digits, dots, dashes and underscores is needed',
  )
  .refine((name) => name !== '.' && name !== '..', 'a file name is needed')
const pauseMs = z.int().min(0).max(60_000).default(300)
const times = z.int().min(1).max(100)
const everyMs = z.int().min(100).max(60_000)

const stepSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('download'),
    /** Name of the file below the chain's own folder. */
    name: fileName,
    with: z.enum(['auto', 'curl', 'wget', 'perl']).default('auto'),
    /** What is downloaded: a script, or a copy of a system program that is given one. */
    payload: z.enum(['script', 'bash', 'perl']).default('script'),
    pauseMs,
  }),
  z.strictObject({
    do: z.literal('run'),
    /** A file that was downloaded before. */
    name: fileName,
    /** What it does once it runs: connects back this often. */
    times: times.default(8),
    everyMs: everyMs.default(1000),
    /** Share by which each interval differs, 0 to 0.5. */
    jitter: z.number().min(0).max(0.5).default(0.05),
    pauseMs,
  }),
  z.strictObject({
    do: z.literal('look'),
    commands: z.array(z.string().min(1).max(500)).min(1).max(20),
    pauseMs,
  }),
  z.strictObject({
    do: z.literal('connect'),
    /** From the shell, without what was downloaded. */
    with: z.enum(['auto', 'curl', 'wget', 'perl', 'bash']).default('auto'),
    times: times.default(6),
    everyMs: everyMs.default(1000),
    jitter: z.number().min(0).max(0.5).default(0.05),
    pauseMs,
  }),
  z.strictObject({
    do: z.literal('shell'),
    command: z.string().min(1).max(2000),
    /** For the printed list only. */
    technique: z
      .string()
      .regex(/^T\d{4}(\.\d{3})?$/)
      .optional(),
    pauseMs,
  }),
  z.strictObject({ do: z.literal('remove'), name: fileName, pauseMs }),
  z.strictObject({ do: z.literal('wait'), pauseMs }),
])

export const chainSchema = z.strictObject({
  honeyguide: z.literal('demo-chain/1'),
  name: z.string().min(1).max(100).default('a chain'),
  server: z
    .strictObject({
      /** What its command line is shown to begin with. */
      name: fileName,
      kind: z.enum(['node', 'perl']).default('node'),
    })
    .default({ name: 'web', kind: 'node' }),
  /** `requests`: every step is a request of its own; `shell`: one shell that is told step by step. */
  mode: z.enum(['requests', 'shell']).default('requests'),
  /** Begin of the name of the folder below /tmp. */
  folder: fileName.default('work'),
  steps: z.array(stepSchema).min(1).max(50),
})

export type Chain = z.output<typeof chainSchema>
export type ChainStep = Chain['steps'][number]

const lookTechniques: Readonly<Record<string, string>> = {
  id: 'T1033 System Owner/User Discovery',
  whoami: 'T1033 System Owner/User Discovery',
  w: 'T1033 System Owner/User Discovery',
  ps: 'T1057 Process Discovery',
  ss: 'T1049 System Network Connections Discovery',
  netstat: 'T1049 System Network Connections Discovery',
  ip: 'T1016 System Network Configuration Discovery',
  ifconfig: 'T1016 System Network Configuration Discovery',
  ls: 'T1083 File and Directory Discovery',
  find: 'T1083 File and Directory Discovery',
  getent: 'T1087 Account Discovery',
}

/** What one command that looks around stands for. */
export function techniqueOfLook(command: string): string {
  if (command.includes('/etc/passwd')) return 'T1087 Account Discovery'
  if (command.includes('/proc/net')) return 'T1049 System Network Connections Discovery'
  return lookTechniques[command.split(' ')[0] ?? ''] ?? 'T1082 System Information Discovery'
}

/** What a step stands for in ATT&CK. */
export function techniqueOf(step: ChainStep): string {
  switch (step.do) {
    case 'download':
      return 'T1105 Ingress Tool Transfer'
    case 'run':
      return 'T1204.002 Malicious File, then T1071 Application Layer Protocol'
    case 'look':
      return step.commands.map(techniqueOfLook).join(', ')
    case 'connect':
      return 'T1071 Application Layer Protocol'
    case 'shell':
      return step.technique ?? 'T1059.004 Unix Shell'
    case 'remove':
      return 'T1070.004 File Deletion'
    case 'wait':
      return '-'
  }
}

/** The chain that a manifest tells. Throws HG_MANIFEST_INVALID with the place. */
export function parseManifest(text: string, file: string): Chain {
  const yaml = parseBoundedYaml(text)
  if ('message' in yaml)
    throw new HoneyguideError(
      'HG_MANIFEST_INVALID',
      `${file}:${yaml.place.line}:${yaml.place.column}: ${yaml.message}`,
    )
  const checked = chainSchema.safeParse(yaml.value)
  if (!checked.success) {
    const faults = checked.error.issues.map((issue) => {
      const place =
        issue.code === 'unrecognized_keys'
          ? yaml.placeOfKey(issue.path, issue.keys[0] ?? '')
          : yaml.placeOf(issue.path)
      return `\n  ${file}:${place.line}:${place.column}: ${issue.path.join('.') || 'manifest'}: ${issue.message}`
    })
    throw new HoneyguideError('HG_MANIFEST_INVALID', faults.join(''))
  }
  const downloaded = new Set<string>()
  for (const [index, step] of checked.data.steps.entries()) {
    if (step.do === 'download') downloaded.add(step.name)
    if ((step.do === 'run' || step.do === 'remove') && !downloaded.has(step.name)) {
      const place = yaml.placeOf(['steps', index, 'name'])
      throw new HoneyguideError(
        'HG_MANIFEST_INVALID',
        `${file}:${place.line}:${place.column}: ${step.name} is not downloaded by an earlier step`,
      )
    }
  }
  return checked.data
}
