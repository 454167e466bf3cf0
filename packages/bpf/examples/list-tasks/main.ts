/**
 * Lists processes as `ps` does, but in one consistent walk of the kernel's own table.
 *
 *     node packages/bpf/examples/list-tasks/main.ts
 */
import { forEachIterated, openObject } from '../../src/index.ts'
import { buildExample } from '../build.ts'
import { layout, readTaskRow, taskRowSizeBytes } from './gen/list-tasks.ts'

using object = openObject(await buildExample('list-tasks'), { layout }).load()
using link = object.attach('dump_task')

console.log('     pid   parent  started (s since boot)  name')
forEachIterated(link, taskRowSizeBytes, (memory, at) => {
  const row = readTaskRow(memory, at)
  const end = row.comm.indexOf(0)
  const name = Buffer.from(row.comm.subarray(0, end < 0 ? undefined : end)).toString()
  const started = (row.startBootNsNumber / 1e9).toFixed(2).padStart(22)
  const shown = name.replace(/[\p{Cc}\p{Cf}]/gu, '?')
  console.log(
    `${String(row.tgid).padStart(8)} ${String(row.parentTgid).padStart(8)}  ${started}  ${shown}`,
  )
})
