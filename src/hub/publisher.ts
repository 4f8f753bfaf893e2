/**
 * The right to write to a source. There is one publisher at a time.
 *
 * @module
 */
import type { MediaPacket } from '../media/index.ts'
import { type AccessRequest, renameRequest } from './access.ts'
import type { Source } from './source.ts'
import type { StreamPath } from './stream-path.ts'

/** Why a publisher lost its stream: it left, another took over, the hub closed, or somebody ended it. */
export type PublisherEnd = 'unpublished' | 'taken-over' | 'closed' | 'kicked'

/** How a stream is published. */
export interface PublishOptions {
  /** End the present publisher instead of being refused. @defaultValue the hub's `secondPublisher` is `'take-over'` */
  readonly takeOver?: boolean | undefined
  /**
   * Told when the stream is lost for another reason than this publisher's own `unpublish()`: close its connection. Comes before
   * {@link Hub.publish} returns when a `publish` listener ends the publisher; see {@link Publisher.ended}.
   */
  readonly onLost?: ((reason: PublisherEnd) => void) | undefined
  /** What the peer asked for, when it came in by admission; shown to listeners of `publish` and `unpublish`. */
  readonly request?: AccessRequest | undefined
  /** Anything of the caller's, shown to listeners of `publish` and `unpublish`. */
  readonly userData?: unknown
  /**
   * Keep this publisher's own timestamps, such as those of a rendition, which are its original's. They must not be negative, and are
   * not repaired. @defaultValue the hub's `atc`
   */
  readonly atc?: boolean | undefined
}

/** What a publisher does to its source. Internal to the hub. */
export interface PublisherHost {
  /** Takes one packet. */
  accept(packet: MediaPacket): void
  /** `publisher` has ended. */
  leave(publisher: Publisher, reason: PublisherEnd): void
}

/** Handle of the one who publishes. */
export class Publisher {
  /** The stream that it writes to. */
  readonly source: Source
  /** The caller's own data. */
  readonly userData: unknown
  /** What the peer asked for, under the name of the stream; `undefined` for a publisher of the application's own. */
  readonly request: AccessRequest | undefined
  readonly #host: PublisherHost
  readonly #onLost: ((reason: PublisherEnd) => void) | undefined
  #ended: PublisherEnd | undefined

  /** @internal */
  constructor(source: Source, host: PublisherHost, options: PublishOptions) {
    this.userData = options.userData
    this.request = options.request && renameRequest(options.request, source.streamPath)
    this.source = source
    this.#host = host
    this.#onLost = options.onLost
    this.#ended = undefined
  }

  /** The stream, as `/app/name`. */
  get streamPath(): StreamPath {
    return this.source.streamPath
  }

  /** Why it is over, or `undefined` while it publishes. */
  get ended(): PublisherEnd | undefined {
    return this.#ended
  }

  /**
   * Appends one packet. Its dts is on the publisher's own clock; the source maps it to its own. The body is kept: never
   * write to it again. After the end, packets are dropped.
   * @throws {@link LimitError} `ERR_CONFIGURATION_TRACKS` or `ERR_CONFIGURATION_BYTES` for configuration beyond the bounds: the packet
   * is dropped, the stream is as before.
   */
  write(packet: MediaPacket): void {
    if (this.#ended === undefined) this.#host.accept(packet)
  }

  /**
   * Writes everything that `packets` gives: a client that plays, a file, another source's consumer.
   * @returns when `packets` ends, or the stream is lost.
   * @throws what {@link Publisher.write} throws, and what `packets` throws.
   */
  async send(packets: AsyncIterable<MediaPacket> | Iterable<MediaPacket>): Promise<void> {
    for await (const packet of packets) {
      if (this.#ended !== undefined) return
      this.write(packet)
    }
  }

  /** Leaves the stream. Players stay for the grace time, so that a reconnect disconnects nobody. Harmless when repeated. */
  unpublish(): void {
    if (this.#ended !== undefined) return
    this.#ended = 'unpublished'
    this.#host.leave(this, 'unpublished')
  }

  /** Ends it from outside and tells its owner. */
  kick(reason: PublisherEnd = 'kicked'): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    this.#host.leave(this, reason)
    this.source.attempt('onLost', () => this.#onLost?.(reason))
  }
}
