import { mutateBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { readMessage } from './message.ts'
import { sampleMessages } from './sample-messages.ts'

/** Printable ASCII but no space: what a name or the text of a record is shown in. */
const shown = /^[\x20-\x7e]*$/

export const target = defineTarget({
  name: 'dns-message',
  parser: 'readMessage: names, records and their data in DNS messages',
  seeds: () => Object.values(sampleMessages()),
  mutator: mutateBytes({ headBytes: 40 }),
  property:
    'Any bytes are read in bounded time to bounded printable text, and never beyond their end.',
  open: () => (input) => {
    const message = readMessage(input)
    if (!message) return 'no head'
    const { question, answers, ttlMin } = message
    if (question) {
      must(shown.test(question.name), 'a name is printable')
      must(question.name.length > 0 && question.name.length <= 1016, 'a name is bounded')
    }
    must(answers.length <= 64 && answers.length <= message.answerCount, 'answers are bounded')
    must(answers.join('').length <= 4096, 'the text of answers is bounded')
    for (const answer of answers) must(shown.test(answer), 'an answer is printable')
    must(ttlMin === undefined || (ttlMin >= 0 && ttlMin <= 0x7fffffff), 'a time to live is one')
    must(message.rcode >= 0 && message.rcode < 4096, 'a code is one')
    return message.isWhole ? 'taken' : 'in part'
  },
})
