/**
 * Where a player's bytes go.
 *
 * @module
 */

/**
 * Why a player's stream ended: nobody came back within the grace time, the source or its hub was closed, somebody ended it, or framing or
 * writing threw (see the `fanOutError` event of the hub).
 */
export type PlayerEnd = 'unpublished' | 'closed' | 'kicked' | 'failed'

/** Where a player's bytes go: a socket, an HTTP response, a test double. Its owner may detach the player inside any of these calls. */
export interface Sink {
  /** Bytes written and not yet taken by the transport. Polled before every write. */
  readonly queuedBytes: number
  /** Queues `batch`, which is shared with all other players of the view: never write into it. A sink that throws is ended. */
  write(batch: Uint8Array): void
  /** Several writes follow; the sink may hold them for one system call. */
  cork?(): void
  /** The writes are complete. */
  uncork?(): void
  /** The budget is used up and there is more: call {@link Player.drained} once the transport has taken what is queued. */
  awaitDrain?(): void
  /** Nothing more will come. */
  end(reason: PlayerEnd): void
}
