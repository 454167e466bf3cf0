/**
 * Addresses of the page: a screen in the path, its state in the query. Pure; reading never throws.
 */
export type Route =
  | { readonly screen: 'landing' }
  | { readonly screen: 'first-run' }
  | { readonly screen: 'incidents' }
  | { readonly screen: 'incident'; readonly uid: string }
  | { readonly screen: 'live' }
  | { readonly screen: 'processes' }
  | { readonly screen: 'hunt' }
  | { readonly screen: 'fleet' }
  | { readonly screen: 'unknown'; readonly path: string }

const plain = ['first-run', 'incidents', 'live', 'processes', 'hunt', 'fleet'] as const
type PlainScreen = (typeof plain)[number]

export function readRoute(pathname: string): Route {
  const parts = pathname.split('/').filter((part) => part !== '')
  const [first, second, third] = parts
  if (first === undefined) return { screen: 'landing' }
  if (first === 'incidents' && second !== undefined && third === undefined) {
    try {
      return { screen: 'incident', uid: decodeURIComponent(second) }
    } catch {
      return { screen: 'unknown', path: pathname }
    }
  }
  const screen = plain.find((one): one is PlainScreen => one === first)
  return screen !== undefined && second === undefined
    ? { screen }
    : { screen: 'unknown', path: pathname }
}

export function pathOf(route: Route): string {
  switch (route.screen) {
    case 'landing':
      return '/'
    case 'incident':
      return `/incidents/${encodeURIComponent(route.uid)}`
    case 'unknown':
      return route.path
    default:
      return `/${route.screen}`
  }
}

/** `path?query` with empty values left out, so that equal states have equal addresses. */
export function addressOf(
  route: Route,
  query: Readonly<Record<string, string | null | undefined>> = {},
): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== '') params.set(name, value)
  const text = params.toString()
  return text === '' ? pathOf(route) : `${pathOf(route)}?${text}`
}
