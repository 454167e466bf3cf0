import { defineTable, text, u32 } from './table.ts'

export const user = defineTable({
  name: 'user',
  id: 10,
  ring: 'none',
  doc: "Names of the host's users (/etc/passwd), sent at start and when the file changes.",
  columns: {
    uid: u32(1, 'User id.'),
    name: text(2, 'User name.'),
  },
})
