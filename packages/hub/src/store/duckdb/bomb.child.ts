/** For `bomb.test.ts`: runs bombs on a store's database without the guard, under the ceiling it was started with. */
import { openDatabase } from './database.ts'

const { instance, writer } = await openDatabase({
  path: process.argv[2] ?? '',
  memoryBytes: 512 * 1024 ** 2,
  threads: 2,
})
const outcomes: string[] = []
for (const sql of [
  'SELECT len(range(0, 2000000000))',
  `SELECT length(repeat('x', 3000000000))`,
  `SELECT length(list(a.r)) FROM range(1000000) a(r), range(1000) b(r)`,
  `SELECT length(string_agg(repeat('x', 100000), '')) FROM range(100000)`,
]) {
  const connection = await instance.connect()
  const timer = setInterval(() => connection.interrupt(), 5_000)
  try {
    await connection.run(sql)
    outcomes.push('answered')
  } catch (error) {
    outcomes.push((error as Error).message.split('\n', 1)[0] ?? '')
  }
  clearInterval(timer)
  connection.closeSync()
  // The owner goes on as if nothing had been.
  await writer.connection.run(`UPDATE progress SET taken = taken + 1 WHERE log = 'spool'`)
}
const taken = await writer.connection.runAndReadAll(
  `SELECT taken::INTEGER FROM progress WHERE log = 'spool'`,
)
process.stdout.write(JSON.stringify({ outcomes, taken: taken.getRows()[0]?.[0] }))
