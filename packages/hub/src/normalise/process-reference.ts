/**
 * A process that an event names: its identity from the wire, and its image when the graph has it.
 *
 * One cache per batch, so that the image of a shell with a thousand children is looked up once. Name and image
 * are made when they are asked for: who only wants to know whether a fork's parent is of a story needs no image
 * of the child, and making one is the dearest part (0.5 us).
 */
import { imageUid } from '@honeyguide/model'
import type { Image, Lineage } from '@honeyguide/detect'

export interface ProcessReference {
  readonly uid: string
  readonly pid: number
  /** Undefined when the graph does not know it, or knows only that it exists. */
  readonly image: Image | undefined
  /** Counts the distinct processes of the batch from 0. */
  readonly index: number
}

export interface References {
  /** Null for pid 0: nobody. */
  of(pid: number, startNs: bigint, execNo: number): ProcessReference | null
  ofImage(image: Image): ProcessReference
}

type ImageSource = Pick<Lineage, 'image'>

class Reference implements ProcessReference {
  readonly pid: number
  readonly startNs: bigint
  readonly execNo: number
  readonly index: number
  readonly #prefix: string
  readonly #lineage: ImageSource
  #uid = ''
  /** Null: not asked for yet. */
  #image: Image | undefined | null

  constructor(
    of: { readonly pid: number; readonly startNs: bigint; readonly execNo: number },
    index: number,
    prefix: string,
    lineage: ImageSource,
    image: Image | null,
  ) {
    this.pid = of.pid
    this.startNs = of.startNs
    this.execNo = of.execNo
    this.index = index
    this.#prefix = prefix
    this.#lineage = lineage
    this.#image = image?.born === 'placeholder' ? undefined : image
  }

  get uid(): string {
    if (this.#uid === '')
      this.#uid = this.#image?.uid ?? imageUid(this.#prefix, this.pid, this.startNs, this.execNo)
    return this.#uid
  }

  get image(): Image | undefined {
    if (this.#image === null) {
      const found = this.#lineage.image(this.#prefix, this.pid, this.startNs, this.execNo)
      this.#image = found?.born === 'placeholder' ? undefined : found
    }
    return this.#image
  }
}

export function createReferences(prefix: string, lineage: ImageSource): References {
  /** By numbers: writing a name costs more than finding it. */
  const byPid = new Map<number, Reference[]>()
  let count = 0

  function find(
    of: { readonly pid: number; readonly startNs: bigint; readonly execNo: number },
    image: Image | null,
  ): Reference {
    let same = byPid.get(of.pid)
    if (!same) byPid.set(of.pid, (same = []))
    for (const one of same) if (one.execNo === of.execNo && one.startNs === of.startNs) return one
    const reference = new Reference(of, count++, prefix, lineage, image)
    same.push(reference)
    return reference
  }

  return {
    of: (pid, startNs, execNo) => (pid === 0 ? null : find({ pid, startNs, execNo }, null)),
    ofImage: (image) => find(image, image),
  }
}
