/**
 * Findings of one rule and program that keep coming: told one by one at first, then by their number.
 *
 * What always holds: the counts of all findings that are told add up to how many were made until the last of them,
 * each once. One that was not told and is needed later (an incident has it) counts for itself if no other has
 * taken it into its count yet, and for nothing if one has.
 */

/** Plain data, kept with the state of detection. */
export interface RepeatTrack {
  count: number
  /** How many had been made when one was last told. */
  told: number
  /** Those made since that were told apart. */
  apart: number
  lastUs: number
}

/** A finding that was not told when it was made. */
export interface Untold {
  readonly track: RepeatTrack
  /** Its place among those of the track, from 1. */
  readonly number: number
}

export function createRepeatTrack(timeUs: number): RepeatTrack {
  return { count: 0, told: 0, apart: 0, lastUs: timeUs }
}

/**
 * Takes one more: how many it stands for when it is told, itself included; 0 when it is not. The first `most` are
 * told, then every time their number has doubled.
 */
export function countFinding(track: RepeatTrack, most: number): number {
  track.count += 1
  if (track.count > most && track.count < track.told * 2) return 0
  const standsFor = track.count - track.told - track.apart
  track.told = track.count
  track.apart = 0
  return standsFor
}

/** What one that is told after all counts for: 1, or 0 when it stands in the count of another already. */
export function countApart({ track, number }: Untold): 0 | 1 {
  if (number <= track.told) return 0
  track.apart += 1
  return 1
}
