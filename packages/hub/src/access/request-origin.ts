/**
 * Whether a request to the page comes from the page: Host and Origin, against DNS rebinding and other pages.
 *
 * Any web page can make a browser connect to loopback, under a name of its own that resolves to it. Such
 * a request carries that name in Host (refused with 421), or the other page in Origin (refused with 403).
 */
import { HoneyguideError } from '@honeyguide/model'

export interface OwnNames {
  /** Names that Host may have, lower case, without a port; IPv6 in brackets. */
  readonly names: ReadonlySet<string>
  /** The port that is served. */
  readonly port: number
}

/** Loopback names, the address that is listened on, and what the settings add. */
export function ownNames(listenHost: string, hostNames: readonly string[], port: number): OwnNames {
  const own = listenHost.includes(':') ? `[${listenHost}]` : listenHost
  return {
    names: new Set(
      ['localhost', '127.0.0.1', '[::1]', own, ...hostNames]
        .map((name) => name.toLowerCase())
        // An address that stands for all of them is no name.
        .filter((name) => name !== '0.0.0.0' && name !== '[::]' && name !== ''),
    ),
    port,
  }
}

/** Splits `name`, `name:port`, `[v6]:port`; undefined when it is none of these. */
function splitHost(host: string): { name: string; port: number | undefined } | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?$/.exec(host)
  if (!match?.[1]) return undefined
  return {
    name: match[1].toLowerCase(),
    port: match[2] === undefined ? undefined : Number(match[2]),
  }
}

function isOwnHost(host: string, own: OwnNames): boolean {
  const split = splitHost(host)
  return split !== undefined && own.names.has(split.name) && (split.port ?? 80) === own.port
}

function isOwnOrigin(origin: string, own: OwnNames): boolean {
  const match = /^https?:\/\/(.+)$/.exec(origin)
  return match?.[1] !== undefined && isOwnHost(match[1], own)
}

export interface RequestHead {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site`. */
  readonly fetchSite: string | undefined
  /** Whether it asks the API, and not for the page itself, to which any page may link. */
  readonly isApi: boolean
}

/** Throws HG_HOST_REFUSED (421) or HG_ORIGIN_REFUSED (403). */
export function checkRequestOrigin(head: RequestHead, own: OwnNames): void {
  if (head.host === undefined || !isOwnHost(head.host, own))
    throw new HoneyguideError('HG_HOST_REFUSED')
  if (head.origin !== undefined && !isOwnOrigin(head.origin, own))
    throw new HoneyguideError('HG_ORIGIN_REFUSED')
  const { fetchSite } = head
  if (head.isApi && fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none')
    throw new HoneyguideError('HG_ORIGIN_REFUSED')
  const changes = head.method !== 'GET' && head.method !== 'HEAD'
  // Every browser says where a POST comes from; what does not is no page.
  if (changes && head.origin === undefined) throw new HoneyguideError('HG_ORIGIN_REFUSED')
}
