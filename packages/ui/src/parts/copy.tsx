/** Copying and saving: always in full, as it was, whatever the page had to cut. */
import { useState } from 'react'
import { Icon } from './icon.tsx'
import { say } from './toasts.tsx'

export async function copyText(text: string, what: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    say(`${what} copied, ${text.length === 1 ? '1 character' : `${text.length} characters`}.`)
    return true
  } catch {
    // Without a secure context or permission there is no clipboard; selecting by hand still works.
    say(`${what} was not copied: the browser refused the clipboard.`, { icon: 'warn' })
    return false
  }
}

export function CopyButton({
  text,
  label = 'Copy',
  what = 'Text',
}: {
  text: string
  label?: string
  what?: string
}) {
  const [done, setDone] = useState(false)
  return (
    <button
      type="button"
      className="btn sm"
      onClick={() => {
        void copyText(text, what).then((worked) => {
          setDone(worked)
          setTimeout(() => setDone(false), 2000)
        })
      }}
    >
      <Icon name={done ? 'check' : 'copy'} size={14} />
      {done ? 'Copied' : label}
    </button>
  )
}

/** One command to paste. */
export function Command({ text }: { text: string }) {
  return (
    <div className="cmd">
      <code>
        <span className="t3">$</span> {text}
      </code>
      <CopyButton text={text} what="Command" />
    </div>
  )
}

/** Saves text as a file. */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The click starts the download at once; the URL is only needed until then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
