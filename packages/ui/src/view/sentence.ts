/** Sentences made of parts, as plain text: for accessible names, copying and search. */
import type { SentencePart } from '@honeyguide/model/incident'
import { visible } from '@honeyguide/model/text'

export function plainSentence(parts: readonly SentencePart[]): string {
  return parts.map((part) => visible(part.text)).join('')
}
