/**
 * Runs every suite, or those named, and ends with the plain line `N passed, N failed, N skipped`:
 *
 *     bin/node scripts/test.ts [check|unit|kernel|page|vm|acceptance ...]
 *
 * `check` comes first, alone: what fails at once is known before anything slow begins. The others run in lanes
 * beside each other (`lanes` says why these), each with its output kept until its end; one that is asked for alone
 * says everything at once.
 *
 * A test that is skipped without being listed in test/skips.json fails the run: a skip must be a decision.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expectedSkips } from './expected-skips.ts'
import type { SuiteReport } from './test-reporter.ts'

const root = resolve(import.meta.dirname, '..')
process.chdir(root)

/** Where a suite's output goes: to this terminal at once, or kept until its turn. */
interface Output {
  say(line: string): void
  /** For a child's stdout and stderr; undefined when they are this process's own. */
  readonly take?: (chunk: Buffer) => void
}

interface Suite {
  readonly title: string
  run(output: Output): Promise<SuiteReport>
}

const terminal: Output = { say: (line) => console.log(line) }

interface KeptOutput extends Output {
  print(): void
}

function keptOutput(): KeptOutput {
  const chunks: Buffer[] = []
  return {
    say: (line) => chunks.push(Buffer.from(`${line}\n`)),
    take: (chunk) => chunks.push(chunk),
    print: () => process.stdout.write(Buffer.concat(chunks)),
  }
}

function execute(
  output: Output,
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<number> {
  return new Promise((done) => {
    const out = output.take ? 'pipe' : 'inherit'
    const child = spawn(command, args, {
      stdio: ['inherit', out, out],
      env: { ...process.env, ...environment },
    })
    if (output.take) {
      child.stdout?.on('data', output.take)
      child.stderr?.on('data', output.take)
    }
    child.on('error', (error) => {
      output.say(`${command}: ${error.message}`)
      done(1)
    })
    child.on('close', (code) => done(code ?? 1))
  })
}

const node = process.execPath

/** Files matching the patterns, less those matching `not`. */
function find(patterns: readonly string[], not: RegExp): string[] {
  return globSync(patterns as string[])
    .filter((file) => !not.test(file) && !file.includes('node_modules'))
    .toSorted()
}

const special = /\.(kernel|page|vm|small)\.test\.ts$/

/**
 * In front of a command that is to give way to what runs beside it. Chromium takes its priority back where it may:
 * as root it has to be without the capability.
 */
const givingWay: readonly string[] = [
  ...(process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-sys_nice'] : []),
  ...['nice', '-n', '15'],
]

async function nodeTests(
  output: Output,
  files: readonly string[],
  args: readonly string[],
  before: readonly string[] = [],
): Promise<SuiteReport> {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: [] }
  const folder = mkdtempSync(join(tmpdir(), 'honeyguide-report-'))
  const file = join(folder, 'report.json')
  try {
    const [command = node, ...words] = [...before, node]
    const code = await execute(
      output,
      command,
      [
        ...words,
        '--test',
        ...args,
        `--test-reporter=${join(root, 'scripts/test-reporter.ts')}`,
        '--test-reporter-destination=stdout',
        ...files,
      ],
      { HG_TEST_REPORT: file, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compile') },
    )
    const report = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as SuiteReport)
      : { passed: 0, failed: 1, skipped: [] }
    // A run that breaks off (a crash, a missing module) may have reported nothing.
    if (code !== 0 && report.failed === 0) report.failed = 1
    return report
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function checks(output: Output): Promise<SuiteReport> {
  const report: SuiteReport = { passed: 0, failed: 0, skipped: [] }
  const steps: readonly (readonly [string, readonly string[]])[] = [
    // Programs that run in a page know other globals than those that run in Node.
    ...['tsconfig.json', 'packages/ui/tsconfig.json', 'test/page/tsconfig.json'].map(
      (project) =>
        [`types: ${project}`, ['node_modules/typescript/bin/tsc', '-p', project]] as const,
    ),
    ['lint', ['node_modules/oxlint/bin/oxlint', '--type-aware']],
    ['format', ['node_modules/oxfmt/bin/oxfmt', '--check', '.']],
    ...(existsSync('scripts/reference.ts')
      ? [['reference pages', ['scripts/reference.ts', '--check']] as const]
      : []),
    ['unused code', ['node_modules/knip/bin/knip.js', '--no-progress']],
  ]
  for (const [title, args] of steps) {
    const began = performance.now()
    const code = await execute(output, node, args)
    output.say(
      `  ${code === 0 ? 'ok    ' : 'failed'} ${title} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
    )
    if (code === 0) report.passed += 1
    else report.failed += 1
  }
  return report
}

const suites: Readonly<Record<string, Suite>> = {
  check: { title: 'check: types, lint, format, unused code', run: checks },
  unit: {
    title: 'unit: anyone, any machine',
    run: (output) =>
      nodeTests(
        output,
        find(
          [
            'packages/*/src/**/*.test.ts',
            'packages/*/examples/**/*.test.ts',
            'test/*.test.ts',
            'test/fuzz/*.test.ts',
            'scripts/*.test.ts',
          ],
          special,
        ),
        ['--test-isolation=none', '--test-timeout=120000'],
        givingWay,
      ),
  },
  kernel: {
    title: `kernel: this kernel${process.getuid?.() === 0 ? '' : ' (most of it needs root)'}`,
    run: (output) =>
      nodeTests(
        output,
        find(['packages/*/src/**/*.kernel.test.ts', 'test/*.kernel.test.ts'], /$^/),
        ['--test-concurrency=1', '--test-timeout=180000'],
      ),
  },
  page: {
    title: 'page: in a browser',
    run: (output) =>
      nodeTests(
        output,
        find(['packages/*/src/**/*.page.test.ts', 'test/**/*.page.test.ts'], /$^/),
        ['--test-concurrency=1', '--test-timeout=300000'],
        givingWay,
      ),
  },
  vm: {
    title: 'vm: other kernels, in QEMU',
    run: (output) =>
      nodeTests(output, find(['packages/*/src/**/*.vm.test.ts', 'test/**/*.vm.test.ts'], /$^/), [
        '--test-concurrency=1',
        '--test-timeout=3000000',
      ]),
  },
  acceptance: {
    title: 'acceptance: each promise, small, without thresholds on time',
    run: (output) =>
      nodeTests(output, find(['test/acceptance/*.small.test.ts'], /$^/), [
        '--test-concurrency=1',
        '--test-timeout=1200000',
      ]),
  },
}

const thisKernel = `linux-${release().split('.').slice(0, 2).join('.')}`

function unexpectedSkips(report: SuiteReport): SuiteReport['skipped'] {
  const isExpected = expectedSkips(root, ['any', thisKernel])
  return report.skipped.filter(
    ({ name, reason }) => !isExpected(name.split(' > ').at(-1) ?? name, reason),
  )
}

const asked = process.argv.slice(2)
const unknown = asked.find((name) => suites[name] === undefined)
if (unknown !== undefined) {
  console.log(`there is no suite ${unknown}; the suites are ${Object.keys(suites).join(', ')}`)
  process.exit(2)
}
const total = { passed: 0, failed: 0, skipped: 0 }
const lines: string[] = []

interface Ran {
  readonly report: SuiteReport
  readonly minutes: number
}

async function run(suite: Suite, output: Output): Promise<Ran> {
  const began = performance.now()
  const report = await suite.run(output)
  return { report, minutes: (performance.now() - began) / 60_000 }
}

function conclude(name: string, { report, minutes }: Ran): void {
  const unexpected = unexpectedSkips(report)
  for (const skip of report.skipped)
    console.log(`  skipped: ${skip.name} (${skip.reason || 'no reason given'})`)
  for (const skip of unexpected)
    console.log(`  failed: this skip is not listed in test/skips.json: ${skip.name} (${skip.file})`)
  total.passed += report.passed
  total.failed += report.failed + unexpected.length
  total.skipped += report.skipped.length
  const line = `${name.padEnd(11)} ${minutes.toFixed(2)} min  ${report.passed} passed, ${report.failed + unexpected.length} failed, ${report.skipped.length} skipped`
  lines.push(line)
  console.log(line)
}

/**
 * What runs beside what. No suite judges time, so all that matters on two processors is who disturbs whom:
 *
 * - `kernel` and `acceptance` watch the whole machine and overload it on purpose, each event counted: one after the
 *   other. Half of their minutes they wait.
 * - `page` takes a processor and starts few processes. `unit` starts more, so it comes when `kernel`, whose rings are
 *   small, is over. These and the guests give way to `kernel` and `acceptance`, which are the longest way and mostly wait.
 * - The guests of `vm` see nothing of this machine, and it sees one process each.
 */
const lanes: readonly (readonly string[])[] = [['page', 'unit'], ['kernel', 'acceptance'], ['vm']]

const names = asked.length > 0 ? asked : Object.keys(suites)
const began = performance.now()

async function runAlone(name: string): Promise<void> {
  const suite = suites[name]
  if (!suite) return
  console.log(`\n== ${suite.title}`)
  conclude(name, await run(suite, terminal))
}

async function runLane(lane: readonly string[]): Promise<void> {
  for (const name of lane) {
    const suite = suites[name]
    if (!suite) continue
    console.log(`-- ${name} begins`)
    const output = keptOutput()
    const ran = await run(suite, output)
    console.log(`\n== ${suite.title}`)
    output.print()
    conclude(name, ran)
  }
}

if (names.includes('check')) await runAlone('check')
const wanted = lanes.map((lane) => lane.filter((name) => names.includes(name)))
const [only, ...more] = wanted.flat()
if (only !== undefined && more.length === 0) await runAlone(only)
else await Promise.all(wanted.map(runLane))
lines.push(`all         ${((performance.now() - began) / 60_000).toFixed(2)} min`)
console.log(
  `\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
)
process.exit(total.failed === 0 ? 0 : 1)
