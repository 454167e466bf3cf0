import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { Incident, IncidentAnswer } from '@honeyguide/model'
import { story } from './incident.ts'

const incident = JSON.parse(
  readFileSync(new URL('../../../detect/src/fixture/chain.incident.json', import.meta.url), 'utf8'),
) as Incident

function linesOf(leftOut: number): string {
  const answer: IncidentAnswer = {
    incident: { ...incident, leftOut },
    status: 'new',
    assignee: null,
    notes: [],
    evidence: { complete: true, offered: 7, lost: 0, gaps: [], gapCount: 0 },
    evidenceByKind: [],
  }
  return story(answer).join('\n')
}

suite('incident show', () => {
  test('says how much the incident left out, beside how complete the evidence is', () => {
    assert.match(linesOf(1204), /no room for 1,204 more[^]*Complete: nothing of 7/)
    assert.doesNotMatch(linesOf(0), /no room/)
  })
})
