/**
 * Why an event is not there: every reason that a loss row can carry. docs/reference/loss-reasons.md is generated from it.
 *
 * `mayHide` ends the sentence "It may hide ..." that stands beside every conclusion over such an interval.
 */

export interface LossReason {
  /** Number in kernel maps and C (`HG_LOSS_*`); for ever. */
  readonly id: number
  readonly where: 'kernel' | 'sensor' | 'hub'
  readonly what: string
  readonly fix: string
}

export const lossReasons = {
  ring_full: {
    id: 1,
    where: 'kernel',
    what: 'The ring had no room: the sensor was stopped or too slow.',
    fix: 'Give the sensor CPU time, or raise `sensor.rings`.',
  },
  recursion: {
    id: 2,
    where: 'kernel',
    what: 'The kernel skipped the program because it was already running on this CPU.',
    fix: 'Nothing; report it if it repeats.',
  },
  map_full: {
    id: 3,
    where: 'kernel',
    what: 'A bounded kernel map had no room (or evicted an entry that was still needed).',
    fix: 'Raise `sensor.maps`.',
  },
  task_storage: {
    id: 4,
    where: 'kernel',
    what: 'The kernel could not allocate per-task storage.',
    fix: 'The host is short of memory.',
  },
  scratch_busy: {
    id: 5,
    where: 'kernel',
    what: 'The per-CPU scratch space was in use by an interrupted program.',
    fix: 'Nothing; report it if it repeats.',
  },
  decode: {
    id: 6,
    where: 'sensor',
    what: 'A record in the ring could not be read (layout of another version).',
    fix: 'Happens once after an update; report it otherwise.',
  },
  spool_full: {
    id: 7,
    where: 'sensor',
    what: 'The hub was away for longer than the spool on disk can hold: the oldest batches went.',
    fix: 'Raise `sensor.spoolBytes`, or bring the hub back sooner.',
  },
  spool_corrupt: {
    id: 8,
    where: 'sensor',
    what: 'A batch in the spool failed its checksum after a crash, or was too long for it.',
    fix: 'Check the disk.',
  },
  batch_invalid: {
    id: 9,
    where: 'hub',
    what: 'A batch that the hub could not read; it is kept in quarantine.',
    fix: 'Update the older of sensor and hub.',
  },
  observer_slow: {
    id: 11,
    where: 'sensor',
    what: 'An observer on the observe socket read too slowly: it did not get these batches. The hub did.',
    fix: 'Filter more, or read faster.',
  },
  down: {
    id: 10,
    where: 'sensor',
    what: 'The sensor did not run and its rings were not pinned (or were removed).',
    fix: 'Nothing was watching in this interval.',
  },
  batch_missing: {
    id: 12,
    where: 'hub',
    what: 'Batches of a run never came, though later ones did. Counted in batches, as nobody knows what was in them.',
    fix: 'Report it with the logs of sensor and hub.',
  },
  log_damaged: {
    id: 13,
    where: 'hub',
    what: "A stretch of the hub's log could not be read, or went to keep the disk cap before it was read. Counted in stretches.",
    fix: 'Check the disk, or raise `hub.store.capBytes`.',
  },
  provenance_busy: {
    id: 14,
    where: 'sensor',
    what: 'More files ran than could be looked up in package databases within its share of a core: these have no provenance.',
    fix: 'Raise `sensor.provenance.cpuPercent`.',
  },
} as const satisfies Record<string, LossReason>

export type LossReasonName = keyof typeof lossReasons
