/** Condition for people's SQL: events whose `time` lies from `from` to `to`, both included, UTC, to the millisecond. */
export function during(from: Date, to: Date): string {
  const literal = (time: Date): string =>
    `TIMESTAMP '${time.toISOString().replace('T', ' ').replace('Z', '')}'`
  return `time BETWEEN ${literal(from)} AND ${literal(to)}`
}
