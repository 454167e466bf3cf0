/** The screens of this version, in the order of the rail, with their keys. */

export interface ScreenEntry {
  readonly screen: 'first-run' | 'incidents' | 'live' | 'processes' | 'hunt' | 'fleet'
  readonly name: string
  readonly icon: string
  /** Second key after `g`. */
  readonly key: string
  readonly group: 'Investigate' | 'Operate'
  /** One of the five at the bottom in one column. */
  readonly tab: boolean
}

export const screens: readonly ScreenEntry[] = [
  {
    screen: 'incidents',
    name: 'Incidents',
    icon: 'incidents',
    key: 'i',
    group: 'Investigate',
    tab: true,
  },
  { screen: 'live', name: 'Live', icon: 'live', key: 'l', group: 'Investigate', tab: true },
  {
    screen: 'processes',
    name: 'Processes',
    icon: 'processes',
    key: 'p',
    group: 'Investigate',
    tab: true,
  },
  { screen: 'hunt', name: 'Hunt', icon: 'hunt', key: 'h', group: 'Investigate', tab: true },
  { screen: 'fleet', name: 'Fleet', icon: 'fleet', key: 'f', group: 'Operate', tab: true },
  {
    screen: 'first-run',
    name: 'First run',
    icon: 'overview',
    key: 'o',
    group: 'Operate',
    tab: false,
  },
]

export const keyList: readonly { readonly keys: readonly string[]; readonly act: string }[] = [
  { keys: ['⌘K', 'Ctrl K'], act: 'Search or run' },
  { keys: ['/'], act: 'Filter of this screen' },
  ...screens.map((one) => ({ keys: ['g', one.key], act: one.name })),
  { keys: ['j', 'k'], act: 'Next, previous row' },
  { keys: ['Enter', 'o'], act: 'Open' },
  { keys: ['f', 'x'], act: 'Only this value, not this value' },
  { keys: ['c'], act: 'Copy the value' },
  { keys: ['←', '→'], act: 'Values of the row; step in time; parent and child' },
  { keys: ['Space'], act: 'Pause or play; peek at a value' },
  { keys: ['t'], act: 'Time range' },
  { keys: ['e'], act: 'Evidence and gaps' },
  { keys: ['a'], act: 'Assign the incident to me' },
  { keys: ['s'], act: 'Set the state of the incident' },
  { keys: ['w', '1–5'], act: 'Why, and its reasons' },
  { keys: ['z'], act: 'Fit' },
  { keys: ['['], act: 'Rail' },
  { keys: ['?'], act: 'This list' },
  { keys: ['Esc'], act: 'Close, clear, back' },
]
