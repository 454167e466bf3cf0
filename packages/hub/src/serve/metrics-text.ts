/** Prometheus text (exposition format 0.0.4) from one table of metrics. */
export interface Metric {
  /** Without the prefix `honeyguide_`; counters end in `_total`. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly samples: readonly {
    readonly labels?: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

/** Host names come from sensors: escaped as the format says. */
function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = []
  for (const { name, help, type, samples } of metrics) {
    lines.push(`# HELP honeyguide_${name} ${help}`, `# TYPE honeyguide_${name} ${type}`)
    for (const { labels = {}, value } of samples) {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`)
      lines.push(`honeyguide_${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`)
    }
  }
  return `${lines.join('\n')}\n`
}
