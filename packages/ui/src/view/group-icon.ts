/** The icon of a group of events; its colour is that of the class of the same name (`kd`, `h-`, `k-`). */
import type { EventGroup } from '@honeyguide/model/ocsf'

export const groupIcons: Readonly<Record<EventGroup, string>> = {
  process: 'proc',
  file: 'file',
  network: 'net',
  identity: 'key',
  kernel: 'kernel',
}
