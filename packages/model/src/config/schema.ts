/**
 * The one configuration schema: `honeyguide.yaml`, HONEYGUIDE_* and flags are all read by it.
 *
 * Every key has a default and a description; docs/reference/config.md is generated from both. Sizes take
 * a number of bytes or a text like `64 MiB`; times are whole numbers of the unit in their name.
 */
import { z } from 'zod'
import { sensitiveFiles } from '../sensitive-files.ts'
import { formatBytes, parseBytes } from './quantity.ts'

const mib = 2 ** 20
const gib = 2 ** 30

/** A size in bytes between `least` and `most`. */
function size(least: number, most: number, initial: number) {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const bytes = typeof value === 'number' ? value : parseBytes(value)
      if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes < least || bytes > most) {
        context.addIssue({
          code: 'custom',
          message: `a size from ${formatBytes(least)} to ${formatBytes(most)} is needed, for example ${formatBytes(initial)}`,
        })
        return z.NEVER
      }
      return bytes
    })
    .default(initial)
    .meta({ form: `size, ${formatBytes(least)} to ${formatBytes(most)}` })
}

/** A power of two of memory pages, as a ring of the kernel must be. */
function ringSize(initial: number, least: number) {
  return size(least, 256 * mib, initial)
    .refine((bytes) => Number.isInteger(Math.log2(bytes)), {
      message: 'a ring is a power of two, for example 8 MiB',
    })
    .meta({ form: `size, a power of two, ${formatBytes(least)} to 256 MiB` })
}

function whole(least: number, most: number, initial: number) {
  return z
    .int(`a whole number from ${least} to ${most} is needed`)
    .min(least, `a whole number from ${least} to ${most} is needed`)
    .max(most, `a whole number from ${least} to ${most} is needed`)
    .default(initial)
    .meta({ form: `number, ${least} to ${most}` })
}

/** Bytes of text that the kernel's programs compare. */
const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** A folder as a process names it: absolute, of at most 62 bytes. */
const watchedFolder = z
  .string()
  .regex(/^\/(?!.*\/\/)/, 'a folder begins with one slash')
  .refine((text) => bytesOf(text.replace(/\/$/, '')) <= 62, { message: 'at most 62 bytes' })
const watchedFolders = z.array(watchedFolder).max(12).default([]).meta({ form: 'list of folders' })

/** A whole path, the end of one, or a folder (a slash at its end). */
const sensitiveFile = z
  .string()
  .min(1)
  .refine((text) => bytesOf(text.replace(/^\/|\/$/g, '')) <= 62 && !text.includes('//'), {
    message: 'at most 62 bytes, and no two slashes in a row',
  })
  .refine((text) => text.endsWith('/') || bytesOf(text.slice(text.lastIndexOf('/') + 1)) <= 31, {
    message: 'the last name of a file has at most 31 bytes',
  })
  .refine((text) => text.startsWith('/') || !text.endsWith('/'), {
    message: 'a folder begins with a slash',
  })
const workloads = z
  .array(z.string().regex(/^\//, 'the path of a cgroup begins with a slash').max(4096))
  .max(128)
  .default([])
  .meta({ form: 'list of cgroups' })

const name = z.string().min(1).max(253)
const folder = z.string().min(1).max(4096)

export const configSchema = z.strictObject({
  state: folder
    .default('auto')
    .describe(
      'Folder for everything that is kept. `auto`: `.honeyguide` beside the code in a clone, /var/lib/honeyguide when installed.',
    )
    .meta({ form: 'folder or `auto`' }),
  log: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('What sensor and hub log: this level and what is graver.'),
  sensor: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Whether a sensor runs on this machine. A hub alone needs none.'),
      hostname: name
        .default('auto')
        .describe('Name of this host in every event. `auto`: what the kernel says.')
        .meta({ form: 'text or `auto`' }),
      labels: z
        .record(z.string().min(1).max(128), z.string().max(1024))
        .refine((labels) => Object.keys(labels).length <= 64, { message: 'at most 64 labels' })
        .default({})
        .describe('Labels of this host, for example `{role: web}`.')
        .meta({ form: 'map of text to text' }),
      probes: z
        .array(name)
        .max(64)
        .default(['all'])
        .describe('Probes to run, by name; `[all]` for every one.')
        .meta({ form: 'list of names' }),
      hooks: z
        .enum(['auto', 'syscalls'])
        .default('auto')
        .describe(
          'Where the kernel is looked at. `auto`: at the best place that it has. `syscalls`: at the ends of system calls, as on hardened kernels, for comparing.',
        ),
      file: z
        .strictObject({
          watch: watchedFolders.describe(
            'When there are any, only what lies below these folders is reported of files, and sensitive ones. Paths that are known only as a caller typed them are reported all the same.',
          ),
          ignore: watchedFolders.describe(
            'What lies below these folders is not reported, but for sensitive files. What is known only as a caller typed it is reported.',
          ),
          sensitive: z
            .array(sensitiveFile)
            .max(120)
            .refine((all) => all.filter((one) => one.endsWith('/')).length <= 5, {
              message: 'at most 5 folders',
            })
            .default(['defaults'])
            .describe(
              `Files whose reading is reported, too. A text that begins with a slash is a whole path, seen from the root of the process; one that ends with a slash a folder; any other the end of a path. \`defaults\` stands for ${sensitiveFiles.map((one) => `\`${one}\``).join(', ')}.`,
            )
            .meta({ form: 'list of paths' }),
          watchWorkloads: workloads.describe(
            'When there are any, only what these cgroups and those below them do is reported of files. Paths as in /proc/PID/cgroup; cgroups that are made later are known by those above them.',
          ),
          ignoreWorkloads: workloads.describe(
            'What these cgroups do to files is not reported; of one below another the innermost decides.',
          ),
        })
        .prefault({})
        .describe('What is reported of files.'),
      spoolBytes: size(mib, 64 * gib, 256 * mib).describe(
        'Most bytes of batches kept on disk while the hub is away. What falls off is counted and told.',
      ),
      rings: z
        .strictObject({
          lifecycleBytes: ringSize(2 * mib, 2 * mib).describe(
            'Ring of exec, fork and exit. At least 2 MiB, so that a whole argument list fits. A change holds after `honeyguide down`: rings in use keep their size over restarts, as they hold what was not read yet; the log and Fleet say so.',
          ),
          dataBytes: ringSize(8 * mib, mib).describe(
            'Ring of everything else. A change holds after `honeyguide down`, as that of the other.',
          ),
        })
        .prefault({})
        .describe('Rings between kernel and sensor; each costs twice its size in resident memory.'),
      batch: z
        .strictObject({
          events: whole(1, 8192, 512).describe('A batch leaves when it holds this many events.'),
          delayMs: whole(1, 10_000, 100).describe(
            'While events keep coming, a batch leaves this long after the one before, ms.',
          ),
          quietMs: whole(1, 10_000, 10).describe(
            'A batch leaves this long after its first event when the line was quiet before, ms.',
          ),
          bytes: size(4096, 3 * mib, mib).describe('A batch leaves when its texts are this long.'),
        })
        .prefault({})
        .describe('When a batch of events leaves the sensor.'),
      cache: z
        .strictObject({
          processes: whole(1024, 1_000_000, 32_768).describe('Most processes remembered.'),
          exitedMs: whole(1000, 3_600_000, 60_000).describe(
            'How long an exited process without living children is remembered, ms.',
          ),
        })
        .prefault({})
        .describe("The sensor's memory of processes."),
      dns: z
        .strictObject({
          ports: z
            .array(z.int().min(1).max(65_535))
            .max(64)
            .default([53, 5353])
            .describe(
              'Ports on which DNS is spoken, over UDP and TCP. Messages on others are told as UDP flows and TCP connections only.',
            )
            .meta({ form: 'list of numbers, 1 to 65535' }),
        })
        .prefault({})
        .describe('What counts as DNS.'),
      redaction: z
        .strictObject({
          enabled: z
            .boolean()
            .default(true)
            .describe(
              'Whether secrets in argument lists are replaced before anything is stored or sent.',
            ),
          patterns: z
            .array(z.string().min(1).max(1024))
            .max(64)
            .default([])
            .describe('Further regular expressions; what group 1 matches is replaced.')
            .meta({ form: 'list of regular expressions' }),
        })
        .prefault({})
        .describe('Secrets in argument lists.'),
      provenance: z
        .strictObject({
          enabled: z
            .boolean()
            .default(true)
            .describe(
              'Whether files that run are looked up in the package databases (dpkg, rpm) of their root and their content is compared.',
            ),
          maxFileBytes: size(mib, 16 * gib, 256 * mib).describe(
            'Longest file whose content is read. Of longer ones owner and times are told, no digest.',
          ),
          cpuPercent: z
            .number('a number from 0.1 to 100 is needed')
            .min(0.1, 'a number from 0.1 to 100 is needed')
            .max(100, 'a number from 0.1 to 100 is needed')
            .default(1)
            .describe(
              'Share of one core that it may take, in percent, averaged over minutes. What has to wait too long is counted and told (`provenance_busy`).',
            )
            .meta({ form: 'number, 0.1 to 100' }),
        })
        .prefault({})
        .describe('Where files that run come from.'),
    })
    .prefault({})
    .describe('The daemon that watches this machine.'),
  hub: z
    .strictObject({
      listen: z
        .strictObject({
          host: name
            .default('127.0.0.1')
            .describe('Address that the page is served at. Others than loopback expose it.'),
          port: whole(0, 65_535, 7461).describe(
            'Port of the page; when it is taken the next free one is used. 0 takes any.',
          ),
        })
        .prefault({})
        .describe('Where the page is served.'),
      hostNames: z
        .array(name)
        .max(64)
        .default([])
        .describe('Names that a browser may use for this hub beside loopback names.')
        .meta({ form: 'list of names' }),
      rules: z
        .array(folder)
        .max(64)
        .default([])
        .describe('Folders with further Sigma rules, beside those that come with Honeyguide.')
        .meta({ form: 'list of folders' }),
      store: z
        .strictObject({
          kind: z
            .enum(['duckdb', 'memory'])
            .default('duckdb')
            .describe('Where events rest. `memory` forgets them when the hub ends.'),
          capBytes: size(64 * mib, 2 ** 50, 20 * gib).describe(
            'Most bytes that spool and store may take on disk; the oldest hours go first, counted.',
          ),
          memoryBytes: size(64 * mib, 2 ** 40, 512 * mib).describe(
            'Memory that the store plans with.',
          ),
          // Node and DuckDB's idle threads alone map 1.25 GiB writable: with less the process cannot start.
          processBytes: size(1344 * mib, 2 ** 40, 2 * gib).describe(
            "Ceiling of what the store's process may map; a query that needs more is refused. `memoryBytes` and 1280 MiB at least, or it is raised to that.",
          ),
        })
        .prefault({})
        .describe('The store of events.'),
      audit: z
        .strictObject({
          keepDays: whole(1, 36_500, 365).describe('Days for which what people did is kept.'),
          bytes: size(mib, gib, 16 * mib).describe(
            'Most bytes of it; the oldest entries go first, and an entry says so.',
          ),
        })
        .prefault({})
        .describe('The record of what people did.'),
    })
    .prefault({})
    .describe('Ingest, detection, store and page.'),
})

/** The whole configuration, resolved. */
export type Config = z.output<typeof configSchema>
