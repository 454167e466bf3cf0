import { imageColumns } from './exec.ts'
import { defineTable, eventColumns } from './table.ts'

export const process = defineTable({
  name: 'process',
  id: 5,
  ring: 'none',
  doc: 'A process that is alive when the sensor (or an observer) connects: what ran before, from the task iterator and /proc. `seq` is 0; `bootNs` is when it was looked at.',
  columns: { ...eventColumns, ...imageColumns },
})
