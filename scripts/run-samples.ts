/**
 * Runs what the samples of the rules name, harmlessly, and prints the events that the sensor made of it.
 *
 *     sudo bin/node scripts/run-samples.ts | bin/node scripts/record-samples.ts
 *
 * In mount, network and UTS namespaces of its own: writes go to memory, addresses are on its own loopback, the
 * host is `web-01`. Programs that the machine has are themselves; others, and those that would change something,
 * are copies of test/programs/sample.c under their names. A parent is a shell under the parent's name.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ActivityRow } from '@honeyguide/model'
import { rulesFolder } from '../rules/own-rules.ts'
import { testProgram } from '../test/acceptance/harness/program.ts'
import { startStack } from '../test/acceptance/harness/stack.ts'

interface Sample {
  readonly row: ActivityRow
  readonly facts?: { readonly ancestorImages?: readonly string[] }
}

const root = resolve(import.meta.dirname, '..')
if (process.argv[2] !== 'inside') {
  // The sensor tells the name of the host that it runs on.
  const { status } = spawnSync(
    'unshare',
    [
      '--uts',
      'sh',
      '-c',
      'hostname web-01 && exec "$0" "$1" inside',
      process.execPath,
      import.meta.filename,
    ],
    { stdio: 'inherit' },
  )
  process.exit(status ?? 1)
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/'))
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Lines of bash that carry one sample out. */
function linesOf({ row, facts }: Sample): string[] {
  const isNetwork = row.class_uid === 4001
  const file = textOf(isNetwork ? row.actor_process_file_path : row.process_file_path)
  const flags = textOf(row.process_flags)
  // A script is told by what its interpreter is given.
  const typed = textOf(isNetwork ? row.actor_process_cmd_line : row.process_cmd_line)
  const command = flags.includes('script') ? typed.replace(/^\S+ /, '') : typed
  const parent = textOf(row.process_parent_process_file_path) || '/usr/bin/bash'
  const folder = textOf(row.process_working_directory) || '/'
  const [first = ''] = command.split(' ')
  const place = folderOf(file)
  const out = [`mkdir -p ${quote(folder)}`]
  let run: string
  if (isNetwork && first !== 'curl') {
    const where = quote(`${row.dst_endpoint_ip} ${row.dst_endpoint_port}`)
    out.push(`give ${quote(file)}`)
    run =
      row.connection_info_direction === 'Inbound'
        ? `(sleep 1; HG_TO=${where} /run/samples/sample) & cd ${quote(place)}; HG_AT=${where} ${command}`
        : `cd ${quote(place)}; HG_TO=${where} ${command}`
  } else if (file.startsWith('memfd:'))
    run = `cd ${quote(folder)}; exec /run/samples/sample memfd ${quote(file.slice(6))} ${command}`
  else if (flags.includes('deleted')) {
    out.push(`mkdir -p ${quote(place)}`)
    run = `cd ${quote(folder)}; exec /run/samples/sample unlink ${quote(file)} ${command}`
  } else {
    out.push(`give ${quote(file)}`)
    if (flags.includes('script')) out.push(`printf '#!/bin/sh\\nexit 0\\n' > ${quote(file)}`)
    if (flags.includes('raised')) out.push(`chmod 4755 ${quote(file)}`)
    const name = file.slice(file.lastIndexOf('/') + 1)
    if (first.startsWith('-')) run = `cd ${quote(folder)}; exec -a ${first} ${file}`
    else if (first.startsWith('/')) run = `cd ${quote(folder)}; ${command}`
    else if (first.includes('/')) run = `cd ${quote(place)}; ${command}`
    else {
      const path = place.startsWith('/usr') ? '/usr/local/bin' : place
      if (name !== first) out.push(`ln -sf ${quote(file)} ${quote(`${path}/${first}`)}`)
      run = `cd ${quote(folder)}; PATH=${place}:/usr/local/bin:/usr/sbin:/usr/bin:/bin; hash -r; ${command}`
    }
  }
  // Outermost first, the last one is the parent: each reads what it is to do from a file of its own.
  const chain = (facts?.ancestorImages ?? []).toReversed()
  if (chain.at(-1) !== parent) chain.push(parent)
  for (const one of chain) out.push(`shell ${quote(one)}`)
  const write = (no: number, text: string): string =>
    `cat > /run/samples/s${no} <<'END_OF_IT'\n${text}\ntrue\nEND_OF_IT`
  out.push(write(0, `( ${run} ) </dev/null`))
  for (let at = chain.length - 1; at > 0; at--)
    out.push(write(chain.length - at, `${chain[at]} /run/samples/s${chain.length - at - 1}`))
  out.push('chmod 644 /run/samples/s[0-9]*')
  const who = flags.includes('raised') ? 33 : 0
  const hasTerminal = textOf(row.process_tty) !== '' ? 1 : 0
  out.push(`as ${who} ${hasTerminal} ${quote(`${chain[0]} /run/samples/s${chain.length - 1}`)}`)
  return ['reset', ...out]
}

const begin = `set -u
mount -t tmpfs none /run
mkdir -p /run/samples
cp "$1" /run/samples/sample
for at in usr etc opt var srv; do
  mkdir -p /run/over/$at/up /run/over/$at/work
  mount -t overlay -o lowerdir=/$at,upperdir=/run/over/$at/up,workdir=/run/over/$at/work overlay /$at || exit 1
done
for at in /home /root /var/log /tmp /dev/shm; do mkdir -p $at; mount -t tmpfs -o mode=1777 none $at || exit 1; done
touch /var/log/auth.log /var/log/syslog.7.gz
mkdir -p /home/admin/.ssh /home/admin/build /home/admin/bin /home/admin/.nvm/bin /var/www /var/lib/postgresql
ip link set lo up
for address in 198.51.100.7 198.51.100.9 10.0.0.5; do ip addr add $address/32 dev lo; done
printf '198.51.100.9 example.org\\n10.0.0.5 db\\n' >> /etc/hosts
cd /
kept=()
waiting=()
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin HOME=/root LANG=C.UTF-8
for where in '198.51.100.7 443' '198.51.100.9 443' '127.0.0.1 9001'; do
  (while HG_AT="$where" /run/samples/sample || [ $? -lt 128 ]; do :; done) & waiting+=($!)
done
reset() { for f in "\${kept[@]}"; do if [ -e "$f.kept" ]; then mv -f "$f.kept" "$f"; else rm -f "$f"; fi; done; kept=(); }
shell() { case $1 in /usr/bin/bash|/usr/bin/dash) return;; esac; mkdir -p "\${1%/*}"; [ -e "$1" ] && cp -a "$1" "$1.kept"; rm -f "$1"; cp /usr/bin/bash "$1"; chmod 755 "$1"; kept+=("$1"); }
give() { case $1 in */systemctl|*/su|*/sudo|*/ping|*/crontab) rm -f "$1";; esac; [ -e "$1" ] && return; mkdir -p "\${1%/*}"; cp /run/samples/sample "$1"; chmod 755 "$1"; }
as() { local line="$3"; [ $2 = 1 ] && line="script -qec '$3' /dev/null"; [ $1 != 0 ] && line="setpriv --reuid $1 --regid $1 --clear-groups $line"; eval timeout -k 1 4 $line </dev/null >/dev/null 2>&1; }
`
const end = 'reset\nkill "${waiting[@]}"\nexit 0\n'

const folder = mkdtempSync(join(tmpdir(), 'hg-samples-'))
try {
  await using stack = await startStack({ root, folder })
  const samples = readdirSync(new URL('samples/', rulesFolder))
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const read = JSON.parse(readFileSync(new URL(`samples/${file}`, rulesFolder), 'utf8')) as {
        readonly positive: readonly Sample[]
        readonly negative: readonly Sample[]
      }
      return [...read.positive, ...read.negative]
    })
  const script = join(folder, 'run.sh')
  writeFileSync(script, begin + samples.flatMap(linesOf).join('\n') + `\n${end}`)
  const since = new Date().toISOString()
  const program = testProgram('sample')
  const { status } = spawnSync(
    'unshare',
    ['--mount', '--net', '--uts', '--pid', '--fork', '--kill-child', 'bash', script, program],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { PATH: process.env['PATH'] } },
  )
  if (status !== 0) throw new Error(`the samples' script ended with ${status}`)
  await stack.settle()
  const lines = samples.flatMap(({ row }) => textOf(row.process_cmd_line) || [])
  const inList = [...new Set(lines)].map((line) => `'${line.replaceAll("'", "''")}'`).join(', ')
  const processes = await stack.hunt(
    `SELECT * FROM process_activity WHERE time >= '${since}' AND activity_name = 'Launch' AND process_cmd_line IN (${inList})`,
  )
  const connections = await stack.hunt(
    `SELECT * FROM network_activity WHERE time >= '${since}' AND activity_name = 'Open' AND dst_endpoint_port IN (443, 8080, 9001)`,
  )
  for (const row of [...processes.rows, ...connections.rows]) console.log(JSON.stringify(row))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
