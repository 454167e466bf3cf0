import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { HuntAnswer } from '@honeyguide/model'
import { HoneyguideError } from '@honeyguide/model/errors'
import { completionScript } from './command/completion.ts'
import { sinceTime } from './command/duration.ts'
import { rowObjects } from './command/hunt.ts'
import { exitCodes } from './exit-codes.ts'
import { createHubClient } from './hub-client/hub-client.ts'
import { createProgram } from './program.ts'
import { formatTable, textWidth } from './terminal/table.ts'
import { version } from './version.ts'

suite('command line', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'honeyguide-cli-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const run = (...words: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...words], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', HONEYGUIDE_STATE: join(folder, 'state') },
    })

  test('every command has an exit code that a script can use', () => {
    assert.equal(run('version').status, 0)
    assert.equal(run('dance').status, exitCodes.usage.code)
    assert.equal(run('status').status, exitCodes.notRunning.code)
    assert.equal(run('hunt', 'SELECT 1').status, exitCodes.notRunning.code)
    assert.equal(run('observe', '--to-port', 'http').status, exitCodes.usage.code)
    assert.equal(run('observe').status, exitCodes.notRunning.code)
    assert.equal(run('incident', 'list', '--json').status, exitCodes.notRunning.code)
  })

  test('the README tells every exit code', () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
    const cells = readme.replace(/ +/g, ' ')
    for (const { code, doc } of Object.values(exitCodes))
      assert.ok(cells.includes(`| ${code} | ${doc} |`), `${code}`)
  })

  test('status --json is one object, also when nothing runs', () => {
    const answer = JSON.parse(run('status', '--json').stdout) as { up: boolean; reasons: string[] }
    assert.equal(answer.up, false)
    assert.deepEqual(answer.reasons, ['no launcher runs here'])
  })

  test('an error with --json is one object on stderr with its code and what to do', () => {
    const { error } = JSON.parse(run('hunt', '--json', 'SELECT 1').stderr) as {
      error: { code: string; fix: string }
    }
    assert.equal(error.code, 'HG_NOT_RUNNING')
    assert.match(error.fix, /npm start/)
  })

  test('config says where each value is from, and where a wrong one stands', () => {
    const file = join(folder, 'honeyguide.yaml')
    writeFileSync(file, 'log: warn\n')
    const { settings } = JSON.parse(
      run('config', '--config', file, '--set', 'hub.listen.port=9', '--json').stdout,
    ) as { settings: { name: string; value: unknown; origin: string }[] }
    const of = (name: string) => settings.find((setting) => setting.name === name)
    assert.deepEqual(of('log'), { name: 'log', value: 'warn', origin: `${file}:1` })
    assert.deepEqual(of('hub.listen.port'), {
      name: 'hub.listen.port',
      value: 9,
      origin: '--set hub.listen.port',
    })
    assert.equal(of('state')?.origin, 'HONEYGUIDE_STATE')
    writeFileSync(file, 'log: warn\nsensr: {}\n')
    const wrong = run('config', '--config', file)
    assert.equal(wrong.status, exitCodes.usage.code)
    assert.match(wrong.stderr, /honeyguide\.yaml:2:1: unknown key `sensr`; did you mean `sensor`/)
  })

  test('completion is valid and knows every command', () => {
    const program = createProgram()
    for (const shell of ['bash', 'zsh', 'fish']) {
      const script = completionScript(program, shell)
      for (const command of program.commands)
        assert.ok(script.includes(command.name()), `${shell} ${command.name()}`)
    }
    assert.equal(spawnSync('bash', ['-n'], { input: completionScript(program, 'bash') }).status, 0)
    const typed = spawnSync(
      'bash',
      [
        '-c',
        `${completionScript(program, 'bash')}\nCOMP_WORDS=(honeyguide incident sh); COMP_CWORD=2; _honeyguide; echo "\${COMPREPLY[@]}"`,
      ],
      { encoding: 'utf8' },
    )
    assert.equal(typed.stdout.trim(), 'show')
    assert.throws(() => completionScript(program, 'csh'), HoneyguideError)
  })

  test('its version is that of every package', () => {
    for (const name of ['model', 'policy', 'detect', 'bpf', 'sensor', 'hub', 'ui', 'honeyguide']) {
      const text = readFileSync(join(import.meta.dirname, '../..', name, 'package.json'), 'utf8')
      assert.equal((JSON.parse(text) as { version: string }).version, version)
    }
  })

  test('a table fits its columns, cuts long cells and shows what would act on a terminal', () => {
    const lines = formatTable(
      ['a', 'b'],
      [
        ['x', null],
        ['\u001b[2J', 5],
        ['字字', { k: 1 }],
        ['y'.repeat(100), true],
      ],
      20,
    )
    assert.equal(lines[3], '\\x1b[2J               5')
    assert.equal(lines[2], 'x                     -')
    assert.equal(textWidth(lines[4] ?? ''), 22 + '{"k":1}'.length)
    assert.match(lines[5] ?? '', /^y{19}…  true$/)
  })

  test('rows are objects by column, also when a name comes twice', () => {
    const answer: Pick<HuntAnswer, 'columns' | 'rows'> = {
      columns: [
        { name: 'n', type: 'INTEGER' },
        { name: 'n', type: 'INTEGER' },
      ],
      rows: [[1, 2]],
    }
    assert.deepEqual(rowObjects(answer), [{ n: 1, n_2: 2 }])
  })

  test('understands times as people write them', () => {
    assert.equal(sinceTime('5m', Date.UTC(2026, 0, 1, 0, 5)), '2026-01-01T00:00:00.000Z')
    assert.equal(sinceTime('2026-01-01T00:00:00Z', 0), '2026-01-01T00:00:00.000Z')
    assert.throws(() => sinceTime('yesterday', 0), HoneyguideError)
    assert.throws(() => sinceTime('999999999d', 0), HoneyguideError)
  })

  test('an answer of the hub that refuses is an error of its code', async () => {
    const path = join(folder, 'api.sock')
    const server = createServer((request, response) => {
      if (request.url === '/plain') response.writeHead(502).end('no')
      else
        response.writeHead(400).end(
          JSON.stringify({
            error: {
              code: 'HG_SQL_REFUSED',
              message: 'The query is not one that may be asked. DELETE',
              fix: '',
              id: '1',
              line: 1,
              column: 3,
            },
          }),
        )
    }).listen(path)
    const hub = createHubClient(path)
    await assert.rejects(
      hub.post('/api/v1/hunt', {}),
      (error) =>
        error instanceof HoneyguideError &&
        error.code === 'HG_SQL_REFUSED' &&
        error.detail === 'DELETE (line 1, column 3)',
    )
    await assert.rejects(hub.get('/plain'), /the hub answered 502: no/)
    server.close()
    await assert.rejects(
      createHubClient(`${path}.none`).get('/'),
      (error) => error instanceof HoneyguideError && error.code === 'HG_NOT_RUNNING',
    )
  })
})
