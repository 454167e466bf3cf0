/** What stands at the head of a recording: the host as its sensor names it, not as this machine does. */
import type { RecordingHeader } from '@honeyguide/hub'
import type { Hello } from '@honeyguide/model/frames'

/** `began` is ISO 8601 UTC; `label` says what is in it, for people. */
export function recordingHeader(hello: Hello, began: string, label: string): RecordingHeader {
  return {
    hostname: hello.hostname,
    sensorVersion: hello.version,
    kernelRelease: hello.kernelRelease,
    architecture: hello.architecture,
    operatingSystem: hello.operatingSystem,
    cpus: hello.cpus,
    memoryBytes: Number(hello.memoryBytes),
    labels: hello.labels,
    began,
    label,
  }
}
