/** docs/reference/config.md, from the schema. Pure. */
import { formatBytes } from './quantity.ts'
import { settings } from './setting.ts'

function shown(value: unknown, form: string): string {
  if (form.startsWith('size') && typeof value === 'number') return formatBytes(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The page as Markdown. */
export function configReference(): string {
  const lines = [
    '# Configuration',
    '',
    'Generated from `packages/model/src/config/schema.ts`; again with `npm run gen`.',
    '',
    'One YAML file: `/etc/honeyguide/honeyguide.yaml`, or the one that `--config` or `HONEYGUIDE_CONFIG` names.',
    'A variable of the environment wins over the file, a flag (`--set name=value`) over both.',
    'An unknown key or a wrong value is an error with its line; `honeyguide config` prints every value and where it comes from.',
    '',
    '| setting | default | what may stand there | variable |',
    '|---|---|---|---|',
    ...settings.map(
      ({ name, initial, form, variable }) =>
        `| \`${name}\` | \`${shown(initial, form)}\` | ${form} | \`${variable}\` |`,
    ),
    '',
    ...settings.flatMap(({ name, doc }) => [`## \`${name}\``, '', doc, '']),
  ]
  return lines.join('\n')
}
