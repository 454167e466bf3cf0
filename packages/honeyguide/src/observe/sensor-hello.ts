/** For tests: what a sensor says of itself on its observe socket. */
import { protocolVersion, type Hello } from '@honeyguide/model/frames'

/** `id`, 16 bytes, is both the sensor's and the boot's. */
export function sensorHello(id: Uint8Array): Hello {
  return {
    protocolMajor: protocolVersion.major,
    protocolMinor: protocolVersion.minor,
    sensor: id,
    boot: id,
    run: 1,
    hostname: 'web-1',
    version: '1',
    kernelRelease: '6',
    architecture: 'x64',
    layout: '00',
    labels: { env: 'test' },
    pending: [],
    operatingSystem: 'Some Linux',
    cpus: 1,
    memoryBytes: 4096n,
  }
}
