/** Hostile SQL through the page's door and the command line while events arrive: each refused or cancelled, nothing changed. */
import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Acceptance } from './harness/acceptance.ts'
import { type Counted, startProgram, testProgram } from './harness/program.ts'
import { honeyguide, startStack } from './harness/stack.ts'

/** `$DB` is the store's own file. Ordered by what they try. */
const hostile: readonly string[] = [
  // Files and the network
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT * FROM read_csv_auto('/etc/shadow')",
  "SELECT * FROM read_text('/etc/hostname')",
  "SELECT * FROM read_blob('$DB')",
  "SELECT * FROM read_json_auto('/etc/os-release')",
  "SELECT * FROM read_parquet('/tmp/x.parquet')",
  "SELECT * FROM '/etc/passwd'",
  "SELECT * FROM glob('/root/*')",
  "SELECT * FROM parquet_metadata('/tmp/x')",
  "SELECT * FROM sniff_csv('/etc/passwd')",
  "SELECT * FROM 'http://127.0.0.1/x.parquet'",
  "COPY (SELECT 1) TO '/tmp/hg-hostile.csv'",
  "COPY process_activity TO '/tmp/hg-hostile.parquet'",
  "COPY process_activity FROM '/etc/passwd'",
  "EXPORT DATABASE '/tmp/hg-hostile'",
  "IMPORT DATABASE '/tmp/hg-hostile'",
  // The engine
  "ATTACH '/tmp/hg-hostile.db'",
  "ATTACH '$DB' AS again",
  'DETACH memory',
  'INSTALL httpfs',
  'LOAD json',
  "SET memory_limit='100GB'",
  'RESET memory_limit',
  'PRAGMA database_list',
  'PRAGMA enable_profiling',
  "CALL enable_logging(storage='file')",
  'SELECT * FROM enable_logging()',
  'SELECT * FROM pragma_database_list()',
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM duckdb_secrets()',
  'SELECT * FROM duckdb_tables()',
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM sqlite_master',
  'SELECT * FROM pg_catalog.pg_class',
  "SELECT current_setting('home_directory')",
  "SELECT getenv('HOME')",
  "SELECT query('SELECT 1')",
  "SELECT * FROM query_table('process_activity')",
  'CHECKPOINT',
  'FORCE CHECKPOINT',
  'VACUUM',
  'USE memory',
  'BEGIN',
  'ROLLBACK',
  'EXPLAIN ANALYZE SELECT 1',
  'PREPARE p AS SELECT 1',
  'EXECUTE p',
  'CREATE SECRET s (TYPE s3)',
  // Changing
  'INSERT INTO process_activity SELECT * FROM process_activity',
  'DELETE FROM losses',
  'UPDATE losses SET lost = 0',
  'DROP VIEW process_activity',
  'DROP TABLE losses',
  'CREATE TABLE x AS SELECT 1',
  'CREATE TEMP TABLE x AS SELECT 1',
  'CREATE VIEW v AS SELECT 1',
  'CREATE MACRO m() AS 1',
  'CREATE FUNCTION f() AS 1',
  'ALTER TABLE losses ADD COLUMN x INTEGER',
  'TRUNCATE losses',
  'MERGE INTO losses USING losses AS l ON true WHEN MATCHED THEN DELETE',
  "COMMENT ON VIEW losses IS 'x'",
  // Several at once, hidden
  'SELECT 1; DROP VIEW losses',
  'SELECT 1;;DELETE FROM losses;',
  'WITH x AS (DELETE FROM losses RETURNING *) SELECT * FROM x',
  '/* SELECT */ DELETE FROM losses',
  'SELECT 1 --\n; DELETE FROM losses',
  // CPU, memory, constant folding
  "SELECT length(repeat('x', 3000000000))",
  "SELECT repeat(repeat('x', 100000), 100000)",
  'SELECT len(range(0, 2000000000))',
  'SELECT count(*) FROM range(100000000000)',
  'SELECT count(*) FROM generate_series(1, 100000000000)',
  "SELECT lpad('x', 2000000000, 'y')",
  "SELECT rpad('x', 2000000000, 'y')",
  'SELECT count(*) FROM process_activity a, process_activity b, process_activity c, process_activity d, process_activity e',
  'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r',
  'SELECT list_reduce(range(100000000), (a, b) -> a + b)',
  "SELECT string_agg(process_cmd_line, repeat(',', 1000000)) FROM process_activity",
  'SELECT array_agg(a.process_cmd_line || b.process_cmd_line || c.process_cmd_line) FROM process_activity a, process_activity b, process_activity c',
  "SELECT 'a' SIMILAR TO repeat('(a*)*', 100000)",
  `SELECT ${'('.repeat(5000)}1${')'.repeat(5000)}`,
  `SELECT ${'1+'.repeat(200_000)}1`,
  "SELECT format('{:>1000000000}', 'x')",
  "SELECT printf('%1000000000d', 1)",
  "SELECT nextval('s')",
  'SELECT * FROM unnest(range(1000000000))',
  "SELECT set_bit(repeat('0', 1000000000)::BIT, 0, 1)",
  '',
  'SELECT',
  '\u0000SELECT 1',
]

/** Asked all at once, again and again: together they use up the memory of the store, which ingest needs as well. */
const hungry: readonly string[] = [
  'SELECT count(*) FROM network_activity a, network_activity b, network_activity c, network_activity d',
  'SELECT max(hash(a.actor_process_cmd_line || b.actor_process_cmd_line || c.actor_process_cmd_line)) FROM network_activity a, network_activity b, network_activity c',
  "SELECT length(string_agg(a.actor_process_cmd_line || b.actor_process_cmd_line, '')) FROM network_activity a, network_activity b, network_activity c",
]

export const acceptances: readonly Acceptance[] = [
  {
    id: 'hostile-sql',
    promise: `${hostile.length} hostile SQL statements through page and command line while events arrive: each refused or cancelled with a clear message, ingest never stops, no row changed, each event there once, no file made`,
    target: `${hostile.length} of ${hostile.length} both ways`,
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const connects = testProgram('numbered-connects')
      await using stack = await startStack({ root, folder, log })
      const { address } = await stack.link()
      const origin = new URL(address).origin
      const signIn = await fetch(`${origin}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: JSON.stringify({ token: new URL(address).hash.slice(1) }),
      })
      const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? ''
      const files = async (): Promise<string> =>
        (await readdir('/tmp')).filter((name) => /^hg-hostile(\.|$)/.test(name)).join()
      interface PageAnswer {
        readonly status: number
        readonly body: { readonly error?: { readonly code: string; readonly message: string } }
      }
      async function askPage(sql: string): Promise<PageAnswer> {
        const ask = () =>
          fetch(`${origin}/api/v1/hunt`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', origin, cookie },
            body: JSON.stringify({ sql }),
          })
        // A kept-alive connection may be closed by the server just as it is used again: that is HTTP, not an answer.
        const answer = await ask().catch((error: Error) => {
          if (error.cause === undefined) throw error
          return ask()
        })
        return { status: answer.status, body: (await answer.json()) as PageAnswer['body'] }
      }
      const before = await stack.hunt(
        'SELECT count(*) AS n, min(event_uid) AS first FROM process_activity WHERE time < now() - INTERVAL 2 SECOND',
      )
      const began = new Date().toISOString().slice(0, -1)
      const background = startProgram<Counted>(connects, [600, 250, 0])
      const details: string[] = []
      let refused = 0
      const chosen = size === 'full' ? hostile : hostile.filter((_, i) => i % 4 === 0)
      for (const sql of chosen) {
        const text = sql.replaceAll('$DB', `${stack.state}/hub/store/events.duckdb`)
        const { status, body } = await askPage(text)
        const isClear =
          body.error !== undefined &&
          /^HG_(SQL_REFUSED|SQL_CANCELLED|REQUEST_INVALID)$/.test(body.error.code) &&
          body.error.message.length > 20
        let isClearToo = true
        // A command line cannot hold a NUL, and a pipe can hold what a command line cannot.
        if (
          text !== '' &&
          !text.includes('\u0000') &&
          text.length < 100_000 &&
          (size === 'full' || refused % 5 === 0)
        ) {
          const { code, stderr, stdout } = await honeyguide(
            root,
            ['hunt', '--json', '--state', stack.state, '--', text],
            { timeoutMs: 60_000 },
          )
          isClearToo =
            code !== 0 &&
            code !== null &&
            /HG_(SQL_REFUSED|SQL_CANCELLED|REQUEST_INVALID)/.test(stderr + stdout)
          if (!isClearToo)
            details.push(
              `command line, exit ${code}: ${text.slice(0, 90)} → ${(stderr + stdout).slice(0, 200)}`,
            )
        }
        if (!isClear)
          details.push(
            `page, ${status}: ${text.slice(0, 90)} → ${JSON.stringify(body).slice(0, 200)}`,
          )
        if (isClear && isClearToo) refused++
      }
      const rounds = size === 'full' ? 20 : 2
      let ended = 0
      for (let round = 0; round < rounds; round++)
        for (const { status, body } of await Promise.all(hungry.map(askPage))) {
          // The store may have to begin anew meanwhile, and says so.
          const { code } = body.error ?? {}
          if (code === undefined) continue
          ended++
          if (!/^HG_(SQL_CANCELLED|STORE_AWAY)$/.test(code))
            details.push(`at once, ${status}: ${JSON.stringify(body).slice(0, 200)}`)
        }
      if (size === 'full' && ended === 0) details.push('no statement took too much memory')
      await sleep(1500)
      const arrived = await stack.huntUntil(
        `SELECT count(*) AS n FROM network_activity WHERE time >= TIMESTAMP '${began}'`,
        (rows) => Number(rows[0]?.['n']) > 0,
        30_000,
      )
      background.child.kill('SIGTERM')
      await stack.settle()
      const after = await stack.hunt(
        `SELECT count(*) AS n FROM process_activity WHERE time < TIMESTAMP '${began}' - INTERVAL 2 SECOND`,
      )
      if (Number(after.rows[0]?.['n']) < Number(before.rows[0]?.['n']))
        details.push(
          `rows went: ${String(before.rows[0]?.['n'])} → ${String(after.rows[0]?.['n'])}`,
        )
      for (const view of ['process_activity', 'network_activity']) {
        const { rows } = await stack.hunt(
          `SELECT count(*) AS rows, count(DISTINCT event_uid) AS events FROM ${view}`,
        )
        if (rows[0]?.['rows'] !== rows[0]?.['events'])
          details.push(`${view}: ${JSON.stringify(rows[0])}`)
      }
      const numbers = await stack.hunt(`
        WITH mine AS (
          SELECT split_part(dst_endpoint_ip, '.', 2)::INTEGER * 65536 + split_part(dst_endpoint_ip, '.', 3)::INTEGER * 256 + split_part(dst_endpoint_ip, '.', 4)::INTEGER AS number
          FROM network_activity WHERE actor_process_pid = ${background.child.pid} AND activity_name = 'Open' AND connection_info_direction = 'Outbound')
        SELECT count(*) AS rows, count(DISTINCT number) AS numbers, max(number) - min(number) + 1 AS made FROM mine`)
      const [connected] = numbers.rows
      if (
        connected?.['rows'] !== connected?.['made'] ||
        connected?.['numbers'] !== connected?.['made']
      )
        details.push(`not each connection once: ${JSON.stringify(connected)}`)
      const lost = await stack.hunt('SELECT coalesce(sum(lost), 0) AS n FROM losses')
      if (Number(lost.rows[0]?.['n']) > 0)
        details.push(`events lost meanwhile: ${String(lost.rows[0]?.['n'])}`)
      if ((await files()) !== '') details.push(`files made: ${await files()}`)
      return {
        measured: `${refused} of ${chosen.length} refused or cancelled, ${ended} of ${rounds * hungry.length} asked at once ended, ${String(connected?.['rows'])} of ${String(connected?.['made'])} connections stored, ${String(arrived[0]?.['n'])} network events stored meanwhile, lost ${String(lost.rows[0]?.['n'])}`,
        n: chosen.length,
        pass: refused === chosen.length && details.length === 0,
        details,
      }
    },
  },
]
