/**
 * What a script can tell from the exit code: one table for every command, printed by `honeyguide --help`
 * and in the README (a test compares).
 */

export const exitCodes = {
  ok: { code: 0, doc: 'Everything is as asked; for `status`, everything is up.' },
  failed: { code: 1, doc: 'It failed; for `status`, something is down.' },
  usage: {
    code: 2,
    doc: 'The command line, configuration, query, filter or manifest is refused; nothing was done.',
  },
  incomplete: {
    code: 3,
    doc: 'Answered, but something was lost in the interval asked about: only with `--require-complete`.',
  },
  notRunning: { code: 4, doc: 'No Honeyguide runs here, or it cannot be reached.' },
  alreadyRunning: { code: 5, doc: 'Honeyguide already runs here.' },
  needsRoot: { code: 6, doc: 'It needs root, or membership of the group that owns the socket.' },
  interrupted: { code: 130, doc: 'Ended by Ctrl-C before it was finished.' },
} as const satisfies Record<string, { readonly code: number; readonly doc: string }>

export type ExitName = keyof typeof exitCodes

/** Names of errors (see the error table) that have an exit code of their own; every other one is `failed`. */
const codeOf: Readonly<Record<string, ExitName>> = {
  HG_USAGE: 'usage',
  HG_CONFIG_INVALID: 'usage',
  HG_SQL_REFUSED: 'usage',
  HG_FILTER_INVALID: 'usage',
  HG_MANIFEST_INVALID: 'usage',
  HG_REQUEST_INVALID: 'usage',
  HG_NOT_RUNNING: 'notRunning',
  HG_HUB_SILENT: 'notRunning',
  HG_STORE_AWAY: 'notRunning',
  HG_ALREADY_RUNNING: 'alreadyRunning',
  HG_STATE_LOCKED: 'alreadyRunning',
  HG_NEEDS_ROOT: 'needsRoot',
}

/** Exit code for an error's code. */
export function exitCodeOf(errorCode: string): number {
  return exitCodes[codeOf[errorCode] ?? 'failed'].code
}
