import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { resolveConfig } from './resolve.ts'
import { settings } from './setting.ts'

export const target = defineTarget({
  name: 'config',
  parser: 'parseBoundedYaml, resolveConfig',
  seeds: () => [
    'log: warn\n',
    'hub:\n  listen:\n    port: 8000\n',
    'sensor:\n  rings: {lifecycleBytes: 2MiB}\n',
    'hub: &a\n  listen: {port: 1}\n',
  ],
  mutator: mutateText([
    '\n',
    '\n  ',
    '\n    ',
    ': ',
    '- ',
    '? ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '&a ',
    '*a',
    '<<: ',
    '!!binary ',
    '!!set ',
    '!<x> ',
    '|\n',
    '>-\n',
    '"',
    "'",
    '#',
    '---\n',
    '...\n',
    '%YAML 1.2\n',
    '~',
    '2MiB',
    '0x7f',
    '.inf',
    '2026-01-01',
    ...new Set(settings.flatMap(({ path }) => path)),
  ]),
  property:
    'Everything is a configuration, or faults each with a place inside of the text; nothing of the prototype is changed.',
  open: () => (input) => {
    const found = resolveConfig({ file: { path: 'hg.yaml', text: input } })
    must(Object.keys(Object.prototype).length === 0, 'the prototype is clean')
    if ('config' in found) {
      must(Number.isInteger(found.config.hub.listen.port), 'a port is a number')
      return 'taken'
    }
    must(found.length > 0, 'a refusal has a fault')
    const lines = input.split(/\r\n|\n|\r/).length
    for (const { place, message } of found) {
      must(message !== '', 'a fault has words')
      if (place)
        must(
          place.line >= 1 && place.line <= lines && place.column >= 1,
          'the place is in the text',
        )
    }
    return found[0]?.message ?? ''
  },
})
