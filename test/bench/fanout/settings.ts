/** What the processes of the benchmark tell each other. */

/** How a player is connected. */
export type Protocol = 'rtmp' | 'flv' | 'ws'

/**
 * Which server is measured:
 *
 * - `millrace`: `RtmpServer` and `LiveHandler` on a hub
 * - `floor`: bare `socket.write` of a shared buffer, nothing received and nothing parsed
 * - `bare`: our ingest with a fan-out of its own, to see what each decision of the design is worth
 * - `reference`: the reference server with its sections switched off
 * - `reference-all`: with API, metrics, HLS, rules, limits, and callbacks that a backend answers
 * - `cluster`: `examples/cluster-local`
 */
export interface ServerSettings {
  readonly kind: 'millrace' | 'floor' | 'bare' | 'reference' | 'reference-all' | 'cluster'
  /** Least time between two flushes, ms; 0: with each video frame. */
  readonly flushMs: number
  /** `bare`: a write for each message rather than for each flush. */
  readonly perMessage: boolean
  /** `bare`: the bytes are made for each player anew. */
  readonly perPlayer: boolean
  /** `cluster`: how many workers. */
  readonly workers: number
  /** Bitrate of the stream that the floor makes for itself. */
  readonly kbps: number
  /** Watch the length of each turn, which costs a timer of 5 ms. */
  readonly watchTurns: boolean
}

/** What a server says once it listens. */
export interface ServerReady {
  readonly rtmpPort: number
  readonly httpPort: number
}

/** Counters of a server, at one moment. NaN for what it does not tell. */
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
  readonly loopLateMaxMs: number
  /** CPU time of the longest turn of the event loop since the last sample, ms. NaN unless it is watched. */
  readonly turnMaxMs: number
  readonly connections: number
  readonly skips: number
  readonly skippedPackets: number
  readonly flushes: number
  /** From the last flush until everyone was served, ms. */
  readonly roundMs: number
  /** Players of each worker, and how often it pulled the stream; of a cluster. */
  readonly workers?: readonly { readonly players: number; readonly pulls: number }[]
}

/** A server under load. */
export interface BenchServer {
  readonly ready: ServerReady
  /** Counters of now. */
  sample(): Promise<ServerSample>
  /** Ends it. */
  stop(): Promise<void>
}

/** Players that one process of the load generator plays. */
export interface CrowdPlan {
  readonly protocol: Protocol
  readonly port: number
  /** Names of the streams, which players take in turn. */
  readonly streamNames: readonly string[]
  readonly players: number
  readonly joinsPerSecond: number
}

/** What players of one process have seen so far. */
export interface CrowdCounts {
  readonly receivedBytes: number
  /** Players that have had a keyframe. */
  readonly joined: number
  readonly lost: number
  /** Video frames that players who look for them did not get. */
  readonly missingFrames: number
  /** User and system time of the process, µs. */
  readonly cpuMicros: number
  readonly coreWaitMicros: number
  /** 99 % of the time its event loop was less late since the last count, ms. */
  readonly loopLateP99Ms: number
}
