/** Whether an address, as `formatAddress` of model gives it, never leaves the host. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
