/**
 * Lists processes as `ps` does, but in one consistent walk of the kernel's own table.
 *
 *     node packages/bpf/examples/list-tasks/main.ts
 */
import { forEachIterated, openObject } from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { printable, startCommand } from '../command.ts'
import { layout, readTaskRow, taskRowSizeBytes } from './gen/list-tasks.ts'

startCommand('Lists the processes of this machine.', {})

using object = openObject(await buildExample('list-tasks'), { layout }).load()
using link = object.attach('dump_task')

console.log('     pid   parent  started (s since boot)  name')
forEachIterated(link, taskRowSizeBytes, (memory, at) => {
  const row = readTaskRow(memory, at)
  const started = (row.startBootNsNumber / 1e9).toFixed(2).padStart(22)
  const [pid, parent] = [row.tgid, row.parentTgid].map((id) => String(id).padStart(8))
  console.log(`${pid} ${parent}  ${started}  ${printable(row.comm)}`)
})
