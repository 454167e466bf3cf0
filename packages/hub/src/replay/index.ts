export {
  createRecording,
  openRecording,
  type RecordedBatch,
  type RecordingHeader,
  type RecordingReader,
  type RecordingWriter,
} from './recording.ts'
export { openReplay, type Replay, type ReplayOptions } from './replay.ts'
export { shiftBatch } from './shift-time.ts'
