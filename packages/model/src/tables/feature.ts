import { defineTable, text, u32 } from './table.ts'

export const feature = defineTable({
  name: 'feature',
  id: 9,
  ring: 'none',
  doc: 'What this kernel lets the sensor see or do, found by loading; sent once per connection.',
  columns: {
    name: text(1, 'Feature, for example lsm, fentry, task_storage.'),
    state: u32(2, '1: works. 0: refused or absent.'),
    minimumKernel: text(3, 'First Linux version that has it, for example 5.11.'),
    reason: text(4, 'Why not, in words; empty when it works.'),
    costs: text(5, 'What cannot be seen or done without it, in words; empty when nothing.'),
  },
})
