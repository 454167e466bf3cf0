/** The kernel's own device number, (major << 20) | minor, of one as stat(2) gives it (glibc's 64-bit form). Pure. */
export function deviceNumber(stat: bigint): number {
  const major = ((stat >> 8n) & 0xfffn) | ((stat >> 32n) & ~0xfffn)
  const minor = (stat & 0xffn) | ((stat >> 12n) & 0xfff_ff00n)
  return Number(((major & 0xfffn) << 20n) | (minor & 0xf_ffffn))
}
