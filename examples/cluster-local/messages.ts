/**
 * What primary and workers tell each other.
 *
 * @module
 */

/** Players of a stream at one worker. */
export interface WorkerCount {
  readonly worker: number
  readonly pid: number
  /** Players of the stream there, other workers not counted. */
  readonly players: number
  /** Pulls of the stream that this worker has made so far. */
  readonly pulls: number
}

/** From a worker to the primary. */
export type WorkerMessage =
  /** The worker listens to messages from here on, and wants to know all owners. */
  | { readonly type: 'hello' }
  | { readonly type: 'listening'; readonly rtmpPort: number; readonly httpPort: number }
  /** A publisher has come; it is let in when the answer says so. */
  | { readonly type: 'claim'; readonly id: number; readonly streamPath: string }
  | { readonly type: 'release'; readonly streamPath: string }
  /** How many players the stream has everywhere? */
  | { readonly type: 'count'; readonly id: number; readonly streamPath: string }
  | { readonly type: 'counted'; readonly id: number; readonly count: WorkerCount }

/** From the primary to a worker. */
export type PrimaryMessage =
  | { readonly type: 'claimed'; readonly id: number; readonly granted: boolean }
  /** A stream has a new owner, or none any more. */
  | { readonly type: 'owner'; readonly streamPath: string; readonly owner: number | undefined }
  | { readonly type: 'count'; readonly id: number; readonly streamPath: string }
  | { readonly type: 'counts'; readonly id: number; readonly counts: readonly WorkerCount[] }
  | { readonly type: 'stop' }
