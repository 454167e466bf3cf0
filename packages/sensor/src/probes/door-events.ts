/** Reads what the programs of `test/programs/doors.h` say that they did: for kernel tests. */

/** One call, as its maker saw it. */
export interface DoorEvent {
  readonly operation: string
  /** `native`, `x32` or `compat`. */
  readonly door: string
  readonly pid: number
  /** By columns of the table; numbers of 64 bits as decimal text. */
  readonly columns: Readonly<Record<string, string | number>>
}

export interface DoorSayings {
  readonly events: readonly DoorEvent[]
  /** Lines of other kinds: doors that there are, and files and folders that are left to remove. */
  readonly things: readonly DoorThing[]
}

/** One of these in each. */
export interface DoorThing {
  readonly has?: string
  readonly file?: string
  readonly folder?: string
}

/** Throws when a line is no JSON. */
export function doorEvents(text: string): DoorSayings {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DoorEvent | DoorThing)
  const events: DoorEvent[] = []
  const things: DoorThing[] = []
  for (const line of lines)
    if ('operation' in line) events.push(line)
    else things.push(line)
  return { events, things }
}

/** Names of the doors that the machine has. */
export const doorsOf = ({ things }: DoorSayings): ReadonlySet<string> =>
  new Set(things.flatMap(({ has }) => (has === undefined ? [] : [has])))
