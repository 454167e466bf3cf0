/**
 * Every error that a person can meet: one table, from which docs/reference/errors.md is generated.
 *
 * `what` says what happened, `fix` what to do. Details (paths, lines, kernel logs) travel in the message.
 */

export interface ErrorRow {
  readonly what: string
  readonly fix: string
}

export const errorRows = {
  HG_BATCH_INVALID: {
    what: 'A batch from a sensor could not be read.',
    fix: 'It was kept aside in the quarantine folder of the hub and counted as lost. Update whichever of sensor and hub is older; if both are current, report it with the file.',
  },
  HG_FRAME_INVALID: {
    what: 'A frame on a socket has a wrong length or content.',
    fix: 'The connection was closed and is opened again. If it repeats, something else than Honeyguide talks on this socket.',
  },
  HG_PROTOCOL_UNSUPPORTED: {
    what: 'The other side speaks a version of the protocol that this side does not.',
    fix: 'Update the older of the two.',
  },
  HG_BPF_REFUSED: {
    what: 'The kernel refused an eBPF program or map.',
    fix: 'Run `honeyguide doctor`; the kernel log is in the detail.',
  },
  HG_BPF_UNAVAILABLE: {
    what: 'eBPF cannot be used here.',
    fix: 'It needs Linux 6.1 or newer, libbpf1, and CAP_BPF with CAP_PERFMON. `npm start -- --demo` shows the page without it.',
  },
  HG_CONFIG_INVALID: {
    what: 'The configuration has an error.',
    fix: 'Correct the line that is named; `honeyguide config` shows every value and where it comes from.',
  },
  HG_USAGE: {
    what: 'The command line is not understood.',
    fix: 'See `honeyguide --help`, or `honeyguide COMMAND --help`.',
  },
  HG_ALREADY_RUNNING: {
    what: 'Honeyguide already runs here.',
    fix: 'Open the address that is named, end it with `honeyguide down`, or run another with `--state`.',
  },
  HG_NOT_RUNNING: {
    what: 'No Honeyguide runs here.',
    fix: 'Start it with `npm start` or `honeyguide up`; another one is named with `--state`.',
  },
  HG_HUB_SILENT: {
    what: 'The hub runs and does not answer in time.',
    fix: 'Ask again; when it lasts, `honeyguide status` and the log say what it is busy with. Sensors keep their events in the meantime.',
  },
  HG_NEEDS_ROOT: {
    what: 'This needs root.',
    fix: 'Run it as root, or look at a recording with `npm start -- --demo`, which does not need it.',
  },
  HG_LEFT_BEHIND: {
    what: 'Something that ran here has not wholly ended.',
    fix: 'Run `honeyguide down` again in a moment; when it lasts, `cgroup.procs` of the cgroup that is named has the processes.',
  },
  HG_SETUP_FAILED: {
    what: 'Something that the daemons need could not be set up.',
    fix: 'The message names it; `honeyguide doctor` shows what this machine allows.',
  },
  HG_MANIFEST_INVALID: {
    what: 'The manifest of a demonstration could not be read.',
    fix: 'Correct the line that is named; packages/honeyguide/src/demo/README.md describes every key.',
  },
  HG_STATE_LOCKED: {
    what: 'Another process already uses this state folder.',
    fix: 'Stop it (`honeyguide down`) or choose another folder with `--state`.',
  },
  HG_STATE_FORMAT: {
    what: 'The state folder was written by a newer version.',
    fix: 'Run that version, or move the folder away to start with an empty one.',
  },
  HG_DISK_FULL: {
    what: 'The disk of the state folder is full or its cap is reached.',
    fix: 'Free space or raise `hub.store.capBytes`. Sensors keep their events in the meantime; nothing has to be restarted.',
  },
  HG_SQL_REFUSED: {
    what: 'The query is not one that may be asked.',
    fix: 'Ask with one SELECT over the views that `honeyguide hunt --schema` lists; the message names the part that was refused.',
  },
  HG_SQL_CANCELLED: {
    what: 'The query took more time or memory than one query may.',
    fix: 'Narrow it by time, host or path, or ask for fewer rows.',
  },
  HG_STORE_AWAY: {
    what: 'The store is being restarted.',
    fix: 'Ask again in a few seconds; events wait in the spool and none is lost.',
  },
  HG_FILTER_INVALID: {
    what: 'The filter could not be read.',
    fix: 'Correct it at the column that is named.',
  },
  HG_RULE_INVALID: {
    what: 'A detection rule could not be loaded.',
    fix: 'Correct it at the line that is named; the other rules are loaded.',
  },
  HG_AUTH_REQUIRED: {
    what: 'This needs a signed-in session.',
    fix: 'Open the address that `honeyguide up` printed, or make a new one with `honeyguide status --sign-in`.',
  },
  HG_AUTH_REFUSED: {
    what: 'The sign-in was refused.',
    fix: 'A sign-in link works once and for ten minutes: make a new one with `honeyguide status --sign-in`.',
  },
  HG_AUTH_LIMITED: {
    what: 'Too many sign-ins were refused in a short time.',
    fix: 'Wait a minute, then use a new link from `honeyguide status --sign-in`.',
  },
  HG_HOST_REFUSED: {
    what: 'The page was asked for under a name that is not its own.',
    fix: 'Open it under the address that `honeyguide up` printed, or add the name to `hub.hostNames`.',
  },
  HG_ORIGIN_REFUSED: {
    what: 'Another web page tried to use this one.',
    fix: 'Use the page itself; programs use the unix socket.',
  },
  HG_REQUEST_INVALID: {
    what: 'The request is not one that the hub understands.',
    fix: 'Correct what the message names.',
  },
  HG_NOT_FOUND: {
    what: 'There is nothing under this name.',
    fix: 'Check the id; events older than the retention are gone.',
  },
  HG_INTERNAL: {
    what: 'Something failed inside Honeyguide.',
    fix: 'Look for the id in the log and report both.',
  },
} as const satisfies Record<`HG_${string}`, ErrorRow>

export type ErrorCode = keyof typeof errorRows

/** Whether the system says that a disk, or what a user may have of it, is full (ENOSPC, EDQUOT of write(2)). */
export function isNoSpace(error: unknown): error is NodeJS.ErrnoException {
  const { code } = (error ?? {}) as { code?: unknown }
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** An error with a code of the table; `message` begins with what the table says. */
export class HoneyguideError extends Error {
  readonly code: ErrorCode
  /** What exactly, where: the part after the table's words. */
  readonly detail: string
  constructor(code: ErrorCode, detail = '', options?: ErrorOptions) {
    super(detail === '' ? errorRows[code].what : `${errorRows[code].what} ${detail}`, options)
    this.name = 'HoneyguideError'
    this.code = code
    this.detail = detail
  }
  /** What a person can do about it. */
  get fix(): string {
    return errorRows[this.code].fix
  }
}
