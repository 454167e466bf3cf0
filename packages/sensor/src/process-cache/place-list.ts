/** Some of the places of a set of typed arrays, one behind another: no object for each of them. */

/** In place of a place. */
export const none = -1

export interface PlaceList {
  readonly first: number
  readonly last: number
  /** The one behind a place of the list; `none` behind the last. */
  after(place: number): number
  /** A place that is not in the list. */
  append(place: number): void
  /** A place that is in the list. */
  remove(place: number): void
  /** Makes room for `count` places. */
  grow(count: number): void
}

export function createPlaceList(count: number): PlaceList {
  let befores = new Int32Array(count)
  let afters = new Int32Array(count)
  let first = none
  let last = none
  return {
    get first() {
      return first
    },
    get last() {
      return last
    },
    after: (place) => afters[place] as number,
    append(place) {
      befores[place] = last
      afters[place] = none
      if (last === none) first = place
      else afters[last] = place
      last = place
    },
    remove(place) {
      const before = befores[place] as number
      const after = afters[place] as number
      if (before === none) first = after
      else afters[before] = after
      if (after === none) last = before
      else befores[after] = before
    },
    grow(more) {
      const before = { befores, afters }
      befores = new Int32Array(more)
      befores.set(before.befores)
      afters = new Int32Array(more)
      afters.set(before.afters)
    },
  }
}
