/**
 * Options of a {@link Forwarder}, and what it tells of itself.
 *
 * @module
 */
import type { AnnouncerEvents, Hub, Publisher, Source } from '../../hub/index.ts'
import type { ForwardTarget } from './forward-target.ts'
import type { ConnectionFailure } from './reconnecting-connection.ts'
import type { PushOptions, StreamPush } from './stream-push.ts'

/** Where one stream goes. */
export type ForwardTargets = readonly (string | ForwardTarget)[]

/**
 * Says where the stream of a publisher goes, from a database or a backend; an empty list for nowhere. Asked for each publisher, also one
 * that comes back: what it names again goes on. `signal` aborts when the publisher has gone; a late answer is ignored.
 */
export type FindForwardTargets = (
  publisher: Publisher,
  signal: AbortSignal,
) => ForwardTargets | Promise<ForwardTargets>

/** Options of {@link Forwarder}. */
export interface ForwarderOptions extends Omit<PushOptions, 'mark'> {
  /** Whose streams are forwarded. */
  readonly hub: Hub
  /** Where every stream goes, or a function that says so for each. @defaultValue none, but those that {@link Forwarder.start} names */
  readonly targets?: ForwardTargets | FindForwardTargets
  /** What `[vhost]` in a URL stands for. @defaultValue '__defaultVhost__' */
  readonly vhost?: string
  /** Most targets of one stream; a longer list is refused as a whole. @defaultValue 32 */
  readonly maxTargets?: number
  /**
   * End a publisher when the function finds no answer, as SRS does when its backend fails; otherwise it is asked again, later each time, while
   * the stream goes on. @defaultValue false
   */
  readonly targetsRequired?: boolean
}

/** Facts that a {@link Forwarder} announces. */
export interface ForwarderEvents extends AnnouncerEvents {
  /** A target takes its stream. */
  connect: (push: StreamPush) => void
  /** An attempt failed, or a connection ended; the next attempt comes in `retryMs`. */
  lost: (push: StreamPush, failure: ConnectionFailure, retryMs: number) => void
  /** A stream goes to a target no more: it has ended, or the target was taken away. */
  close: (push: StreamPush) => void
  /** The function failed, or named what is no list of targets. */
  targetsError: (error: unknown, source: Source) => void
  /** A publisher brings a stream that this forwarder has sent itself. It is not sent again. */
  loop: (source: Source, publisher: Publisher) => void
}
