/**
 * The one-time token of a sign-in address (`#token`), or of what a person pasted: an address or the token itself.
 * Pure; the entry of the page takes it out of the address bar before anything else is loaded.
 */

const shape = /^[A-Za-z0-9_-]{16,256}$/

export function tokenIn(text: string): string | undefined {
  const typed = text.trim()
  const cut = typed.lastIndexOf('#')
  const candidate = cut >= 0 ? typed.slice(cut + 1) : typed
  const named = /^(?:token|t)=(.*)$/.exec(candidate)?.[1] ?? candidate
  return shape.test(named) ? named : undefined
}
