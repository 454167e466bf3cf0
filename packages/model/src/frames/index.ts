export { createFrameDecoder, decodeFrameBody, type FrameDecoder } from './decode.ts'
export { batchFrameHeader, encodeFrame } from './encode.ts'
export type {
  Ack,
  Frame,
  Heartbeat,
  Hello,
  Observe,
  Pending,
  Refusal,
  RunId,
  Welcome,
} from './frame.ts'
export { frameLimits, protocolVersion } from './limits.ts'
