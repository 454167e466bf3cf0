/**
 * What the store can take and how fast it answers: `bin/node bench/store.ts [million rows] [rows per second]`.
 *
 * Fills a store through the log and the store's own process as fast as it takes it, then asks, then
 * appends at a steady pace and measures how long an event takes to be found by a hunt.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSpool } from '../packages/hub/src/spool/index.ts'
import { openDuckdbStore } from '../packages/hub/src/store/duckdb/client.ts'
import { addLife, addShell, scriptedHost, shell } from '../packages/hub/src/store/scripted-host.ts'

const millions = Number(process.argv[2] ?? 1)
const pace = Number(process.argv[3] ?? 30_000)
const hosts = 50
const livesPerBatch = 256

function print(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(46)} ${value}\n`)
}

function percentile(values: readonly number[], share: number): number {
  return (
    [...values].sort((a, b) => a - b)[
      Math.min(values.length - 1, Math.floor(values.length * share))
    ] ?? 0
  )
}

/** CPU seconds of a process so far. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / Number(execFileSync('getconf', ['CLK_TCK']))
}

async function residentMb(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

const dir = await mkdtemp(join(tmpdir(), 'hg-bench-store-'))
try {
  const spool = await openSpool(join(dir, 'spool'))
  const derived = await openSpool(join(dir, 'derived'))
  const store = await openDuckdbStore({
    path: join(dir, 'events.duckdb'),
    spool,
    derived,
    processBytes: 2 * 1024 ** 3,
    memoryBytes: 512 * 1024 ** 2,
    onLog: (line) => process.stderr.write(`${line}\n`),
  })
  const begin = Date.now() - 10 * 86_400_000
  const fleet = Array.from({ length: hosts }, (_, no) => ({
    host: scriptedHost(no + 1, begin),
    lives: 0,
  }))
  for (const [no, { host }] of fleet.entries()) {
    await spool.append(host.hello(`host-${no}`))
    addShell(host)
  }
  print(
    'machine',
    `${cpus().length} x ${cpus()[0]?.model}; load ${loadavg()[0]?.toFixed(2)}; Node ${process.version}`,
  )

  const lives = Math.ceil((millions * 1e6) / 3)
  // Ten days, spread evenly.
  const stepNs = BigInt(Math.floor((9.9 * 86_400e9) / (lives / hosts)))
  const started = performance.now()
  let made = 0
  let waitedMs = 0
  while (made < lives) {
    for (const entry of fleet) {
      for (let i = 0; i < livesPerBatch; i++) {
        addLife(entry.host, entry.lives, shell, {
          atNs: 10_000_000_000n + BigInt(entry.lives) * stepNs,
        })
        entry.lives += 1
      }
      made += livesPerBatch
      await spool.append(entry.host.batch())
    }
    const before = performance.now()
    // Not more than 32 MiB ahead, so that the log stays small and what is measured is the store.
    while (spool.end - store.state.taken.spool > 32 * 1024 * 1024) await sleep(5)
    waitedMs += performance.now() - before
  }
  await store.caughtUp({ spool: spool.end })
  const seconds = (performance.now() - started) / 1000
  const rows = made * 3
  const pid = store.state.pid ?? 0
  const cpu = await cpuSeconds(pid)
  const sizes = await store.sizes()
  print('rows', `${rows} of ${hosts} hosts over ten days`)
  print(
    'taken in',
    `${Math.round(rows / seconds)} rows/s, ${((cpu * 1e6) / rows).toFixed(2)} us CPU a row in the store; generator waited ${(waitedMs / 10 / seconds).toFixed(0)} %`,
  )
  print(
    'size',
    `${(sizes.bytes / rows).toFixed(1)} B a row; log ${(spool.bytes / rows).toFixed(1)} B a row`,
  )
  print('store process', `${(await residentMb(pid)).toFixed(0)} MB resident`)

  const day = new Date(begin + 5 * 86_400_000).toISOString().slice(0, 10)
  const hunts: readonly (readonly [name: string, sql: string])[] = [
    [
      'host + 1 h, newest 100',
      `SELECT * FROM process_activity WHERE device_hostname = 'host-7' AND time >= TIMESTAMP '${day} 10:00:00' AND time < TIMESTAMP '${day} 11:00:00' ORDER BY time DESC LIMIT 100`,
    ],
    [
      'last hour, count',
      `SELECT count(*) FROM process_activity WHERE time > now() - INTERVAL 1 HOUR`,
    ],
    [
      'group by executable, all',
      `SELECT process_file_path, count(*) FROM process_activity GROUP BY 1`,
    ],
    [
      'hosts per executable, all',
      `SELECT process_file_path, count(DISTINCT device_hostname) FROM process_activity GROUP BY 1`,
    ],
    [
      'histogram 5 min, 1 day',
      `SELECT time_bucket(INTERVAL 5 MINUTE, time), count(*) FROM process_activity WHERE time >= TIMESTAMP '${day}' AND time < TIMESTAMP '${day}' + INTERVAL 1 DAY GROUP BY 1`,
    ],
    [
      'command line LIKE, all',
      `SELECT count(*) FROM process_activity WHERE process_cmd_line LIKE '%/dev/tcp/%'`,
    ],
    [
      'command line regexp, all',
      `SELECT count(*) FROM process_activity WHERE regexp_matches(process_cmd_line, 'number 12[0-9]4$')`,
    ],
    [
      'command line LIKE, 1 day',
      `SELECT * FROM process_activity WHERE process_cmd_line LIKE '%--number 4242' AND time >= TIMESTAMP '${day}' AND time < TIMESTAMP '${day}' + INTERVAL 1 DAY LIMIT 100`,
    ],
    [
      'one process by uid, no time',
      `SELECT * FROM process_activity WHERE process_uid = 'x' LIMIT 10`,
    ],
    [
      'newest 100, all columns, no time',
      `SELECT * FROM process_activity ORDER BY time DESC LIMIT 100`,
    ],
  ]
  for (const [name, sql] of hunts) {
    const times: number[] = []
    for (let i = 0; i < 3; i++) {
      const at = performance.now()
      try {
        await store.hunt(sql)
        times.push(performance.now() - at)
      } catch (error) {
        print(name, (error as Error).message)
        break
      }
    }
    if (times.length > 0)
      print(name, `${percentile(times, 0.5).toFixed(0)} ms (first ${times[0]?.toFixed(0)})`)
  }
  const page = performance.now()
  await store.events({ fromMs: begin, toMs: Date.now(), filter: { kind: 'all' }, limit: 100 })
  print('event page with facets, ten days', `${(performance.now() - page).toFixed(0)} ms`)

  // A steady pace; one marked event after the other, each looked for by one person until a hunt finds it. Several
  // at once would measure what their hunts cost each other.
  const cpuBefore = await cpuSeconds(pid)
  const steadySeconds = 20
  const latencies: number[] = []
  const perTick = Math.round(pace / 3 / 20)
  let watching: Promise<void> | undefined
  const steady = performance.now()
  let appended = 0
  for (let tick = 0; tick < steadySeconds * 20; tick++) {
    const entry = fleet[tick % hosts]
    if (!entry) break
    for (let i = 0; i < perTick; i++) {
      addLife(entry.host, entry.lives, shell, {
        atNs: BigInt(Date.now() - begin) * 1_000_000n + BigInt(i),
      })
      entry.lives += 1
    }
    appended += perTick * 3
    const mark = entry.lives - 1
    await spool.append(entry.host.batch())
    if (tick % 10 === 0 && !watching) {
      const at = performance.now()
      watching = (async () => {
        for (;;) {
          const found = await store.hunt(
            `SELECT count(*) FROM process_activity WHERE time > now() - INTERVAL 1 MINUTE AND process_cmd_line LIKE '%--number ${mark}'`,
          )
          if (Number(found.rows[0]?.[0]) > 0) break
          await sleep(50)
        }
        latencies.push(performance.now() - at)
        watching = undefined
      })()
    }
    await sleep(Math.max(0, steady + (tick + 1) * 50 - performance.now()))
  }
  const steadyTook = (performance.now() - steady) / 1000
  await watching
  print(
    `steady ${Math.round(appended / steadyTook)} rows/s, hunted meanwhile`,
    `found after p50 ${percentile(latencies, 0.5).toFixed(0)} ms, p99 ${percentile(latencies, 0.99).toFixed(0)} ms (n=${latencies.length}); ${((((await cpuSeconds(pid)) - cpuBefore) / steadyTook) * 100).toFixed(0)} % of a core`,
  )

  const cut = performance.now()
  const gone = await store.retain(begin + 5 * 86_400_000)
  const after = await store.sizes()
  print(
    'retention: half of it removed',
    `${gone} rows in ${(performance.now() - cut).toFixed(0)} ms; ${(sizes.bytes / 1e6).toFixed(0)} MB before, ${(after.bytes / 1e6).toFixed(0)} MB after`,
  )
  await store[Symbol.asyncDispose]()
  await spool[Symbol.asyncDispose]()
  await derived[Symbol.asyncDispose]()
} finally {
  await rm(dir, { recursive: true, force: true })
}
