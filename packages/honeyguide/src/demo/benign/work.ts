/**
 * The kinds of ordinary work, each with what it needs. All of it is really done, with the machine's own
 * programs, in a folder of its own; what would change the machine (packages) goes into a root of its own.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { which } from '../tools.ts'
import type { Bench } from './bench.ts'

export interface Work {
  readonly name: string
  /** Why it cannot be done here; undefined when it can. */
  readonly missing: () => string | undefined
  /** Does it once and says what was done. */
  readonly run: (bench: Bench) => Promise<string>
}

function needs(...programs: readonly string[]): () => string | undefined {
  return () => {
    const absent = programs.filter((name) => which(name) === undefined)
    return absent.length === 0 ? undefined : `no ${absent.join(', no ')}`
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

const isRoot = process.getuid?.() === 0

const packages: Work = {
  name: 'package',
  missing: () => needs('dpkg', 'dpkg-deb')() ?? (isRoot ? undefined : 'dpkg installs as root only'),
  async run(bench) {
    bench.write(
      'pkg/DEBIAN/control',
      'Package: orchard-tools\nVersion: 1.2\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: tools for an orchard\n',
    )
    bench.write('pkg/usr/share/orchard/trees.txt', 'apple\npear\n')
    await bench.run('dpkg-deb', ['--build', '--root-owner-group', 'pkg', 'orchard-tools.deb'])
    for (const name of [
      'var/lib/dpkg/info',
      'var/lib/dpkg/updates',
      'var/lib/dpkg/triggers',
      'var/log',
    ])
      mkdirSync(join(bench.folder, 'root', name), { recursive: true })
    bench.write('root/var/lib/dpkg/status', '')
    const dpkg = (...args: string[]): Promise<string> =>
      bench.run('dpkg', [`--root=${join(bench.folder, 'root')}`, '--log=/dev/null', ...args])
    await dpkg('--install', 'orchard-tools.deb')
    await dpkg('--remove', 'orchard-tools')
    const asks = which('apt-cache') === undefined ? '' : '; asked apt-cache'
    if (asks !== '') await bench.run('apt-cache', ['policy', 'bash'])
    return `built, installed and removed a Debian package (in a root of its own)${asks}`
  },
}

const build: Work = {
  name: 'build',
  missing: () =>
    which('make') === undefined
      ? 'no make'
      : which('cc') === undefined && which('gcc') === undefined
        ? 'no C compiler'
        : undefined,
  async run(bench) {
    const compiler = which('cc') === undefined ? 'gcc' : 'cc'
    for (const name of ['one', 'two', 'three'])
      bench.write(`src/${name}.c`, `int ${name}(int value) { return value * ${name.length}; }\n`)
    bench.write(
      'src/main.c',
      '#include <stdio.h>\nint one(int), two(int), three(int);\nint main(void) { printf("%d\\n", one(1) + two(2) + three(3)); return 0; }\n',
    )
    bench.write(
      'src/Makefile',
      `CC=${compiler}\nOBJECTS=main.o one.o two.o three.o\nfruit: $(OBJECTS)\n\t$(CC) -o $@ $(OBJECTS)\ntest: fruit\n\t./fruit\nclean:\n\trm -f fruit *.o\n`,
    )
    const cwd = join(bench.folder, 'src')
    await bench.run('make', ['clean'], { cwd })
    await bench.run('make', ['-j2', 'test'], { cwd })
    return `compiled a C program with ${compiler} and ran its test`
  },
}

async function makeRepository(bench: Bench): Promise<string> {
  const work = join(bench.folder, `tree-${bench.random.whole(1, 1e6)}`)
  mkdirSync(work)
  const git = (...args: string[]): Promise<string> =>
    bench.run('git', ['-c', 'user.name=Nobody', '-c', 'user.email=nobody@example.org', ...args], {
      cwd: work,
    })
  await git('init', '--quiet', '--initial-branch=main')
  for (const name of ['README.md', 'plan.txt']) {
    bench.write(
      `${work.slice(bench.folder.length + 1)}/${name}`,
      `${name} ${bench.random.next()}\n`,
    )
    await git('add', name)
    await git('commit', '--quiet', '-m', `Add ${name}`)
  }
  return work
}

const gitOverFile: Work = {
  name: 'git',
  missing: needs('git'),
  async run(bench) {
    const work = await makeRepository(bench)
    const bare = `${work}.git`
    await bench.run('git', ['clone', '--quiet', '--bare', work, bare])
    await bench.run('git', ['-C', work, 'push', '--quiet', bare, 'HEAD:refs/heads/next'])
    await bench.run('git', ['-C', work, 'log', '--stat'])
    await bench.run('git', ['-C', work, 'gc', '--quiet'])
    return 'committed, cloned, pushed and collected garbage'
  },
}

const gitOverSsh: Work = {
  name: 'git over ssh',
  missing: needs('git', 'sshd', 'ssh', 'ssh-keygen'),
  async run(bench) {
    const port = await freePort()
    for (const name of ['host', 'user'])
      if (!existsSync(join(bench.folder, name)))
        await bench.run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', name])
    await bench.run('cp', ['user.pub', 'authorized'])
    bench.write(
      'sshd_config',
      `ListenAddress 127.0.0.1\nPort ${port}\nHostKey ${bench.folder}/host\nAuthorizedKeysFile ${bench.folder}/authorized\nPidFile none\nUsePAM no\nPasswordAuthentication no\nStrictModes no\nPermitRootLogin prohibit-password\n`,
    )
    // The unit of Debian's sshd makes this folder; without systemd it is ours to make, and to take away.
    const separation = '/run/sshd'
    const isOurs = isRoot && !existsSync(separation)
    if (isOurs) mkdirSync(separation, { mode: 0o755 })
    try {
      await bench.start(which('sshd') ?? 'sshd', [
        '-D',
        '-e',
        '-f',
        join(bench.folder, 'sshd_config'),
      ])
      const work = await makeRepository(bench)
      await bench.run('git', ['clone', '--quiet', '--bare', work, `${work}.git`])
      const user = (await bench.run('id', ['-un'])).trim()
      await bench.run(
        'git',
        ['clone', '--quiet', `ssh://${user}@127.0.0.1:${port}${work}.git`, `${work}-again`],
        {
          environment: {
            GIT_SSH_COMMAND: `ssh -i ${bench.folder}/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes`,
          },
        },
      )
    } finally {
      if (isOurs) rmdirSync(separation)
    }
    return 'cloned over ssh from 127.0.0.1'
  },
}

const cron: Work = {
  name: 'cron',
  missing: needs('run-parts'),
  async run(bench) {
    bench.write(
      'cron.hourly/tidy',
      '#!/bin/sh\nfind "$HOME" -name "*.tmp" -mtime +7 -delete\n',
      0o755,
    )
    bench.write(
      'cron.hourly/report',
      '#!/bin/sh\ndf -h > "$HOME/report.txt"\nuptime >> "$HOME/report.txt" 2>/dev/null || true\n',
      0o755,
    )
    // As /etc/crontab does it.
    await bench.run('/bin/sh', [
      '-c',
      `cd / && run-parts --report ${join(bench.folder, 'cron.hourly')}`,
    ])
    return 'ran the hourly jobs of a crontab with run-parts'
  },
}

const logs: Work = {
  name: 'logs',
  missing: needs('gzip'),
  async run(bench) {
    bench.write(
      'log/app.log',
      Array.from({ length: 500 }, (_, index) => `line ${index} ${bench.random.next()}\n`).join(''),
    )
    if (which('logrotate') !== undefined) {
      bench.write(
        'logrotate.conf',
        `${bench.folder}/log/*.log {\n  rotate 3\n  compress\n  missingok\n  size 1\n}\n`,
      )
      await bench.run('logrotate', [
        '--force',
        '--state',
        join(bench.folder, 'logrotate.state'),
        join(bench.folder, 'logrotate.conf'),
      ])
      return 'rotated logs with logrotate'
    }
    await bench.run('/bin/sh', [
      '-c',
      'cd log && mv app.log app.log.1 && gzip -f app.log.1 && : > app.log',
    ])
    return 'rotated logs by hand (no logrotate)'
  },
}

/** Starts a web server over the folder; gives its port. */
async function webServer(bench: Bench): Promise<{ readonly port: number; readonly what: string }> {
  const port = await freePort()
  bench.write('site/index.html', `<h1>hello</h1>${'x'.repeat(2000)}\n`)
  const site = join(bench.folder, 'site')
  if (which('nginx') !== undefined) {
    bench.write(
      'nginx.conf',
      `daemon off; pid ${bench.folder}/nginx.pid; error_log ${bench.folder}/nginx.log; events {} http { access_log off; client_body_temp_path ${bench.folder}/b; proxy_temp_path ${bench.folder}/p; fastcgi_temp_path ${bench.folder}/f; uwsgi_temp_path ${bench.folder}/u; scgi_temp_path ${bench.folder}/s; server { listen 127.0.0.1:${port}; root ${site}; } }\n`,
    )
    await bench.start('nginx', [
      '-c',
      join(bench.folder, 'nginx.conf'),
      '-e',
      join(bench.folder, 'nginx.log'),
    ])
    return { port, what: 'nginx' }
  }
  if (which('python3') !== undefined) {
    await bench.start('python3', [
      '-m',
      'http.server',
      '--bind',
      '127.0.0.1',
      '--directory',
      site,
      String(port),
    ])
    return { port, what: 'python3 -m http.server' }
  }
  await bench.start(process.execPath, [
    '-e',
    `require("http").createServer((q, r) => r.end("x".repeat(2000))).listen(${port}, "127.0.0.1", () => console.log("up"))`,
  ])
  return { port, what: 'a server in Node.js' }
}

const web: Work = {
  name: 'web server',
  missing: () =>
    which('curl') === undefined && which('wget') === undefined ? 'no curl, no wget' : undefined,
  async run(bench) {
    const { port, what } = await webServer(bench)
    const url = `http://127.0.0.1:${port}/`
    const [program, args] =
      which('curl') === undefined
        ? (['wget', ['-q', '-O', '/dev/null', url]] as const)
        : ([
            'curl',
            [
              '-sS',
              '-o',
              '/dev/null',
              '--retry',
              '3',
              '--retry-connrefused',
              '--retry-delay',
              '1',
              url,
            ],
          ] as const)
    const requests = 60
    let left = requests
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (left-- > 0) await bench.run(program, args)
      }),
    )
    return `${requests} requests with ${program} to ${what}`
  },
}

const database: Work = {
  name: 'database',
  missing: needs('sqlite3', 'gzip'),
  async run(bench) {
    const rows = Array.from(
      { length: 200 },
      (_, index) => `INSERT INTO fruit VALUES (${index}, 'kind ${index % 7}');`,
    ).join('\n')
    await bench.run('sqlite3', ['fruit.db'], {
      input: `DROP TABLE IF EXISTS fruit; CREATE TABLE fruit (id INTEGER, kind TEXT);\nBEGIN;\n${rows}\nCOMMIT;\n`,
    })
    await bench.run('/bin/sh', [
      '-c',
      'sqlite3 fruit.db .dump | gzip > fruit.sql.gz && gzip -t fruit.sql.gz',
    ])
    return 'filled, dumped and compressed a SQLite database'
  },
}

/** Where Debian puts the server's programs, the newest version first; undefined without the server. */
function postgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  return readdirSync(root)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')))
}

const postgres: Work = {
  name: 'postgres dump',
  missing: () =>
    postgresPrograms() === undefined
      ? 'no PostgreSQL server'
      : (needs('pg_dump', 'psql', 'setpriv')() ??
        (isRoot ? undefined : 'only tried as root, who can become the database’s own user')),
  async run(bench) {
    const programs = postgresPrograms() ?? ''
    // The server refuses to run as root, and its own user cannot walk through root's home.
    const home = mkdtempSync(join(tmpdir(), 'honeyguide-demo-postgres-'))
    const asPostgres = ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--']
    const as = (program: string, ...args: string[]): Promise<string> =>
      bench.run('setpriv', [...asPostgres, program, ...args], {
        cwd: home,
        environment: { HOME: home, PGHOST: home, PGUSER: 'postgres' },
      })
    const data = join(home, 'data')
    const control = (...args: string[]): Promise<string> =>
      as(join(programs, 'pg_ctl'), '-D', data, '-l', join(home, 'log'), '-w', ...args)
    try {
      await bench.run('chown', ['postgres:', home])
      await as(join(programs, 'initdb'), '-A', 'trust', '-N', '-D', data)
      await control('-o', `-k ${home} -h ''`, 'start')
      try {
        await as(
          'psql',
          '-c',
          'CREATE TABLE fruit AS SELECT n, md5(n::text) AS name FROM generate_series(1, 5000) n',
          'postgres',
        )
        await as('/bin/sh', '-c', 'pg_dump postgres | gzip > fruit.sql.gz && gzip -t fruit.sql.gz')
      } finally {
        await control('-m', 'fast', 'stop')
      }
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
    return 'started a PostgreSQL of its own, filled it and dumped it'
  },
}

const administrator: Work = {
  name: 'administrator',
  missing: needs('bash'),
  async run(bench) {
    const { port } = await webServer(bench)
    const has = (name: string): boolean => which(name) !== undefined
    const commands = [
      'ls -l',
      'df -h',
      'free -m 2>/dev/null || true',
      ...(has('ps') ? ['ps aux | sort -rn -k 3 | head -5'] : []),
      'tail -n 5 log/app.log 2>/dev/null || true',
      ...(has('curl')
        ? [
            `curl -sS --retry 3 --retry-connrefused http://127.0.0.1:${port}/ | head -c 100 >/dev/null`,
          ]
        : []),
      'grep -c . report.txt 2>/dev/null || true',
    ]
    for (const command of bench.random.shuffle(commands)) {
      await bench.run('bash', ['-c', command])
      await new Promise((done) => setTimeout(done, bench.random.whole(200, 1500)))
    }
    return `looked after the machine in a shell${has('curl') ? ', with curl' : ''}`
  },
}

const sudo: Work = {
  name: 'sudo',
  missing: () =>
    needs('sudo')() ?? (isRoot ? undefined : 'only tried as root, where it asks for no password'),
  async run(bench) {
    await bench.run('sudo', ['-n', '-u', 'nobody', 'id'])
    await bench.run('sudo', ['-n', 'ls', bench.folder])
    return 'ran commands with sudo'
  },
}

/** Everything, in no order. */
export const works: readonly Work[] = [
  packages,
  build,
  gitOverFile,
  gitOverSsh,
  cron,
  logs,
  web,
  database,
  postgres,
  administrator,
  sudo,
]
