/**
 * Cuts a story into steps: runs of activities of one technique's name, numbered by their first event.
 *
 * An activity joins the newest step of its name when that one's last activity is under 5 s back; activities
 * without a technique of their own belong to the step of who started them.
 */
import { stepName } from '../attack/attack.ts'
import type { Activity } from './activity.ts'
import type { Story } from './story.ts'

export interface Step {
  readonly name: string
  /** Technique and tactic of its first activity. */
  readonly technique: string
  readonly tactic: string
  readonly activities: Activity[]
  lastUs: number
}

const gapUs = 5_000_000
const mostSteps = 24

export function stepsOf(story: Story, activities: readonly Activity[]): Step[] {
  const steps: Step[] = []
  /** Step by process uid: where its children without a technique belong. */
  const byProcess = new Map<string, Step>()
  const waiting: Activity[] = []
  const parentOf = (processUid: string) => {
    for (const image of story.images.values())
      if (image.processUid === processUid) return image.parentProcessUid
    return ''
  }

  function put(activity: Activity, step: Step): void {
    step.activities.push(activity)
    step.lastUs = Math.max(step.lastUs, activity.timeUs)
    if (activity.kind === 'exec') byProcess.set(activity.image.processUid, step)
  }

  for (const activity of activities) {
    if (activity.technique === '') {
      let step: Step | undefined
      let uid = activity.image.processUid
      for (let depth = 0; uid !== '' && !step && depth < 64; depth++) {
        step = byProcess.get(uid)
        uid = parentOf(uid)
      }
      if (step) put(activity, step)
      else waiting.push(activity)
      continue
    }
    const name = stepName(activity.technique)
    const last = steps.findLast((step) => step.name === name)
    if (last && (activity.timeUs - last.lastUs <= gapUs || steps.length >= mostSteps)) {
      put(activity, last)
      continue
    }
    const step: Step = {
      name,
      technique: activity.technique,
      tactic: activity.tactic,
      activities: [],
      lastUs: activity.timeUs,
    }
    steps.push(step)
    put(activity, step)
  }
  // What came before anything telling leads to the first step.
  const [first] = steps
  if (first) for (const activity of waiting) put(activity, first)
  for (const step of steps) step.activities.sort((a, b) => a.timeUs - b.timeUs)
  return steps.sort((a, b) => (a.activities[0]?.timeUs ?? 0) - (b.activities[0]?.timeUs ?? 0))
}
