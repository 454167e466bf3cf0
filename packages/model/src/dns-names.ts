/** Names of the numbers in DNS messages (IANA, "Domain Name System (DNS) Parameters"). */

const types: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  41: 'OPT',
  43: 'DS',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  52: 'TLSA',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  257: 'CAA',
}

const classes: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CH', 4: 'HS', 255: 'ANY' }

const codes: Readonly<Record<number, string>> = {
  0: 'NoError',
  1: 'FormErr',
  2: 'ServFail',
  3: 'NXDomain',
  4: 'NotImp',
  5: 'Refused',
  6: 'YXDomain',
  7: 'YXRRSet',
  8: 'NXRRSet',
  9: 'NotAuth',
  10: 'NotZone',
  16: 'BADVERS',
  23: 'BADCOOKIE',
}

/** `A`, or `TYPE65280` as RFC 3597 writes what has no name. */
export function dnsTypeName(type: number): string {
  return types[type] ?? `TYPE${type}`
}

/** `IN`, or `CLASS` and a number. The top bit, by which mDNS asks for a unicast answer, is no part of it. */
export function dnsClassName(of: number): string {
  const plain = of & 0x7fff
  return classes[plain] ?? `CLASS${plain}`
}

/** `NXDomain`, or `RCODE` and a number. */
export function dnsCodeName(code: number): string {
  return codes[code] ?? `RCODE${code}`
}

/** All names by number, for who cannot call functions (SQL). */
export const dnsNames = { types, classes, codes } as const
