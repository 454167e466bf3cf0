/** `honeyguide incident list|show`: what was made of the events, in words. */
import {
  leftOutWords,
  type IncidentAnswer,
  type IncidentsAnswer,
  type SentencePart,
} from '@honeyguide/model'
import { visible } from '@honeyguide/model/text'
import type { Command } from 'commander'
import { exitCodes } from '../exit-codes.ts'
import { formatTable } from '../terminal/table.ts'
import { createContext, hubOf, withShared, type SharedOptions } from './context.ts'
import { evidenceWords } from './evidence-words.ts'

interface ListOptions extends SharedOptions {
  readonly status?: string
  readonly severity?: string
  readonly host?: string
}

/** A sentence without its marks. */
export function sentence(parts: readonly SentencePart[]): string {
  return parts.map(({ text }) => text).join('')
}

export function addIncident(program: Command): void {
  const incident = program.command('incident').summary('attacks, each as one story')
  withShared(incident.command('list'))
    .summary('the incidents, newest first')
    .option(
      '--status <status>',
      'new, acknowledged, in_progress, true_positive, false_positive or suppressed',
    )
    .option('--severity <severity>', 'low, medium, high or critical')
    .option('--host <name>', 'of this host')
    .action(async (options: ListOptions) => {
      const query = new URLSearchParams()
      for (const name of ['status', 'severity', 'host'] as const)
        if (options[name] !== undefined) query.set(name, options[name])
      const answer = await hubOf(createContext(options)).get<IncidentsAnswer>(
        `/api/v1/incidents?${query}`,
      )
      if (options.json === true) {
        process.stdout.write(
          `${JSON.stringify({ incidents: answer.incidents.map((one) => ({ ...one, title: sentence(one.title) })), complete: answer.evidence.complete, evidence: answer.evidence })}\n`,
        )
        return
      }
      const rows = answer.incidents.map((one) => [
        one.uid,
        one.severity,
        one.status,
        one.firstTime,
        one.steps,
        sentence(one.title),
      ])
      process.stdout.write(
        rows.length === 0
          ? `No incident. ${evidenceWords(answer.evidence)}\n`
          : `${formatTable(['incident', 'severity', 'status', 'since', 'steps', 'what'], rows, 110).join('\n')}\n${evidenceWords(answer.evidence)}\n`,
      )
    })
  withShared(incident.command('show <uid>'))
    .summary('one incident: steps, reasons and how complete the evidence is')
    .option('--require-complete', 'exit with 3 when something was lost in its interval')
    .action(
      async (uid: string, options: SharedOptions & { readonly requireComplete?: boolean }) => {
        const answer = await hubOf(createContext(options)).get<IncidentAnswer>(
          `/api/v1/incidents/${encodeURIComponent(uid)}`,
        )
        if (options.json === true)
          process.stdout.write(
            `${JSON.stringify({ ...answer, complete: answer.evidence.complete })}\n`,
          )
        else process.stdout.write(`${story(answer).map(visible).join('\n')}\n`)
        if (options.requireComplete === true && !answer.evidence.complete)
          process.exitCode = exitCodes.incomplete.code
      },
    )
}

/** Lines for a terminal. */
export function story(answer: IncidentAnswer): string[] {
  const { incident, status, evidence } = answer
  const leftOut = leftOutWords(incident)
  return [
    `${incident.uid}  ${incident.severity}  ${status}`,
    sentence(incident.title),
    '',
    'Steps',
    ...incident.steps.map(
      (step) =>
        `  ${String(step.no).padStart(2)}  ${step.time}  ${(step.techniqueUid || '-').padEnd(10)} ${step.name}: ${sentence(step.sentence)}`,
    ),
    '',
    'Why',
    ...incident.reasons.map(
      (reason) =>
        `  ${String(reason.no).padStart(2)}  ${Math.round(reason.share * 100)} %  ${sentence(reason.statement)} (${reason.ruleTitle}; events ${reason.eventUids.slice(0, 3).join(', ')}${reason.eventUids.length > 3 ? ' ...' : ''})`,
    ),
    '',
    ...(leftOut === '' ? [] : [leftOut]),
    evidenceWords(evidence),
    ...evidence.gaps
      .slice(0, 5)
      .map(
        (gap) =>
          `  ${gap.from} to ${gap.to}: ${gap.lost} of ${gap.offered} events of ${gap.hook} on ${gap.host} lost (${gap.reason}). ${gap.mayHide}`,
      ),
  ]
}
