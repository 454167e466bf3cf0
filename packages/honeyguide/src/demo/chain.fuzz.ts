import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must, takenOr, withCode } from '../../../../test/fuzz/target.ts'
import { parseManifest, techniqueOf } from './chain.ts'

export const target = defineTarget({
  name: 'manifest',
  parser: 'parseManifest',
  seeds: () => [
    'honeyguide: demo-chain/1\nsteps: [{do: wait}]\n',
    'honeyguide: demo-chain/1\nsteps:\n  - {do: look, commands: [id]}\n  - {do: shell, command: x}\n',
    '{"honeyguide":"demo-chain/1","steps":[{"do":"download","name":"a"},{"do":"run","name":"a","times":1}]}',
  ],
  mutator: mutateText([
    '\n',
    '\n  - ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    '&a',
    '*a',
    '<<: ',
    '..',
    '../x',
    '/',
    'do',
    'download',
    'run',
    'look',
    'connect',
    'shell',
    'remove',
    'name',
    'times',
    'everyMs',
    'jitter',
    'pauseMs',
    'command',
    'commands',
    'technique',
    'T1059',
    'server',
    'mode',
    'folder',
    'steps',
    '1e9',
    '-1',
    '0.5',
  ]),
  property:
    'A manifest is refused with HG_MANIFEST_INVALID and places, or its names are plain, its numbers bounded, and what it runs was downloaded before.',
  open: () => (input) =>
    takenOr(() => {
      const chain = parseManifest(input, 'm.yaml')
      must(chain.steps.length >= 1 && chain.steps.length <= 50, 'steps are bounded')
      must(!chain.folder.includes('/') && chain.folder !== '..', 'a folder is a name')
      for (const step of chain.steps) {
        must(step.pauseMs <= 60_000, 'pauses are bounded')
        if ('name' in step) must(!step.name.includes('/') && step.name !== '..', 'a file is a name')
        techniqueOf(step)
      }
    }, withCode('HG_MANIFEST_INVALID')),
})
