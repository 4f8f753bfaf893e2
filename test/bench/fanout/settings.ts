/** What the processes of the benchmark tell each other. */

/** How a player is connected. */
export type Protocol = 'rtmp' | 'flv' | 'ws'

/**
 * Which server is measured:
 *
 * - `millrace`: `RtmpServer` and `LiveHandler` on a hub
 * - `floor`: bare `socket.write` of a shared buffer, nothing received and nothing parsed
 * - `bare`: our ingest with a fan-out of its own, to see what each decision of the design is worth
 */
export interface ServerSettings {
  readonly kind: 'millrace' | 'floor' | 'bare'
  /** Least time between two flushes, ms; 0: with each video frame. */
  readonly flushMs: number
  /** `bare`: a write for each message rather than for each flush. */
  readonly perMessage: boolean
  /** `bare`: the bytes are made for each player anew. */
  readonly perPlayer: boolean
  /** Bitrate of the stream that the floor makes for itself. */
  readonly kbps: number
}

/** What a server says once it listens. */
export interface ServerReady {
  readonly rtmpPort: number
  readonly httpPort: number
}

/** Counters of a server process, at one moment. */
export interface ServerSample {
  /** ms on the server's own clock. */
  readonly atMs: number
  /** User and system time, µs. */
  readonly cpuMicros: number
  /** Time spent waiting for a core, µs; 0 where the system does not tell. */
  readonly coreWaitMicros: number
  readonly rssBytes: number
  readonly heapUsedBytes: number
  /** Memory of `ArrayBuffer`s. */
  readonly bufferBytes: number
  /** Longest time the event loop was late since the last sample, ms. */
  readonly loopDelayMaxMs: number
  readonly connections: number
  readonly skips: number
  readonly skippedPackets: number
  readonly flushes: number
}
