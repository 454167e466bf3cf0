/** `@honeyguide/bpf` for other people: its examples, and the package as it is installed, with and without a compiler. */
import { join } from 'node:path'
import type { Acceptance } from './harness/acceptance.ts'
import { runTestFile } from './harness/test-file.ts'

const kernels = ['6.1', '6.12'] as const

export const acceptances: readonly Acceptance[] = [
  {
    id: 'library',
    promise:
      'Every example of @honeyguide/bpf runs; its tarball, installed by npm in an empty folder, runs on the machine and in the QEMU guests without clang',
    target: 'failed 0 on this machine and on Linux 6.1 and 6.12',
    // The suites `kernel` and `vm` run the same files.
    inTests: false,
    needsRoot: true,
    async run({ root, log }) {
      const places: [place: string, file: string, environment: Record<string, string>][] = [
        ['examples here', 'packages/bpf/src/examples.kernel.test.ts', {}],
        ['package here', 'packages/bpf/src/package.kernel.test.ts', {}],
        ['installed by npm', 'test/pack.kernel.test.ts', {}],
      ]
      for (const version of kernels)
        for (const file of ['examples', 'package'])
          places.push([
            `${file} on Linux ${version}`,
            'test/vm/kernel-tests.vm.test.ts',
            {
              HONEYGUIDE_VM_KERNELS: version,
              HONEYGUIDE_VM_FILES: `packages/bpf/src/${file}.kernel.test.ts`,
            },
          ])
      const details: string[] = []
      const measured: string[] = []
      for (const [place, file, environment] of places) {
        const { passed, failed, skipped } = await runTestFile(join(root, file), environment)
        log(`${place}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
        measured.push(`${place} ${passed}`)
        details.push(...[...failed, ...skipped].map((one) => `${place}: ${one}`))
        if (passed === 0) details.push(`${place}: nothing ran`)
      }
      return {
        measured: `passed: ${measured.join(', ')}; failed or skipped ${details.length}`,
        n: places.length,
        pass: details.length === 0,
        details,
      }
    },
  },
]
