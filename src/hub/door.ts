/**
 * The way into a hub for peers, the same for every protocol: find the hub, ask its admission, then publish or find what to play.
 *
 * A server turns what its peer said into an {@link AccessRequest}, and a {@link Refusal} into words of its protocol. Everything between,
 * late answers, names in use, streams that are not there, events of the hub and the one call of `onEnd`, is here.
 *
 * @module
 */
import { MediaError, ProtocolError } from '../errors/index.ts'
import {
  type AccessAccept,
  type AccessRedirect,
  type AccessReject,
  type AccessRequest,
  reject,
  renameRequest,
} from './access.ts'
import type { Hub } from './hub.ts'
import type { Publisher, PublisherEnd } from './publisher.ts'
import type { Source } from './source.ts'
import type { StreamPath } from './stream-path.ts'

/** One hub for everything, or a function that picks the hub of a virtual host; `undefined` if there is no such virtual host. */
export type HubResolver = Hub | ((request: AccessRequest) => Hub | undefined)

/**
 * Why a peer neither publishes nor plays: admission decided so (`decision`), there is no such virtual host (`no-hub`) or stream
 * (`no-source`), the name has a publisher (`in-use`), a bound was reached or a function of the application threw (`error`), or nobody waits
 * for the answer any more (`gone`).
 */
export type RefusalCause = 'decision' | 'no-hub' | 'no-source' | 'in-use' | 'error' | 'gone'

/** A peer that was not let in. Nothing is left to end. */
export interface Refusal {
  /** Discriminates from {@link Publication} and {@link Playback}. */
  readonly type: 'refusal'
  /** Why. */
  readonly cause: RefusalCause
  /** What to tell the peer; nothing if it has `gone`. */
  readonly decision: AccessReject | AccessRedirect
  /** The hub that was asked, which has announced the refusal; `undefined` if none was asked. */
  readonly hub: Hub | undefined
  /** The error behind the cause `error`, for the log. */
  readonly error?: unknown
}

/** Options of {@link Door.publish} and {@link Door.play}. */
export interface EnterOptions {
  /** Asked before the hub's admission: why the peer may not get to `hub`, or `undefined`. Must not reject. @defaultValue it may */
  readonly mayEnter?:
    | ((hub: Hub) => Promise<AccessReject | AccessRedirect | undefined> | undefined)
    | undefined
}

/** Options of {@link Door.publish}. */
export interface DoorPublishOptions extends EnterOptions {
  /**
   * Called when the stream is lost for another reason than {@link Publication.end}: close the connection. May come before the publication
   * does; that is then a refusal.
   */
  readonly onLost?: ((reason: PublisherEnd) => void) | undefined
}

/** Finds what to play for a stream path; `undefined` if it is not there. */
export type FindSource = (
  hub: Hub,
  streamPath: StreamPath,
  signal: AbortSignal,
) => Promise<Source | undefined>

/** Options of {@link Door.play}. */
export interface DoorPlayOptions extends EnterOptions {
  /** Finds what to play. @defaultValue {@link Hub.findSource} */
  readonly find?: FindSource | undefined
}

/** A peer that was let in and publishes. Its server calls {@link Publication.end} when the peer leaves. */
export class Publication {
  /** Discriminates from {@link Refusal}. */
  readonly type = 'publication'
  /** The hub's handle. */
  readonly publisher: Publisher
  readonly #onEnd: (() => void) | undefined

  /** @internal */
  constructor(publisher: Publisher, onEnd: (() => void) | undefined) {
    this.publisher = publisher
    this.#onEnd = onEnd
  }

  /** The peer publishes no longer. Harmless when repeated, and after the stream was lost. */
  end(): void {
    this.publisher.unpublish()
    this.#onEnd?.()
  }
}

/**
 * A peer that was let in, with what it may play. Its server attaches a player or counts a viewer, and calls {@link Playback.end} when the
 * peer leaves.
 */
export class Playback {
  /** Discriminates from {@link Refusal}. */
  readonly type = 'playback'
  /** The hub that let it in. */
  readonly hub: Hub
  /** What the peer asked for, under the name that admission gave the stream: see {@link renameRequest}. */
  readonly request: AccessRequest
  /** What to play. It was open a moment ago. */
  readonly source: Source
  /** What admission attached to the peer. */
  readonly userData: unknown
  readonly #onEnd: (() => void) | undefined

  /** @internal */
  constructor(hub: Hub, request: AccessRequest, source: Source, { userData, onEnd }: AccessAccept) {
    this.hub = hub
    this.request = request
    this.source = source
    this.userData = userData
    this.#onEnd = onEnd
  }

  /** The peer gets nothing after all: announces `fail`, then ends. @param reason - in the words that the peer is given. */
  fail(reason: string): void {
    this.hub.failed(this.request, reason)
    this.end()
  }

  /** The peer plays no longer. Harmless when repeated. */
  end(): void {
    this.#onEnd?.()
  }
}

/** A peer that a hub has accepted. */
interface Admitted {
  readonly type: 'admitted'
  readonly hub: Hub
  /** Under the name that admission gave the stream. */
  readonly request: AccessRequest
  readonly decision: AccessAccept
}

/**
 * Lets publishers and players into a hub, or into the hub of their virtual host.
 *
 * @example A player of a protocol of your own
 * ```ts
 * import { type AccessRequest, Door, Hub, type Sink } from 'millrace/hub'
 * import { FLV_VIEW } from 'millrace/flv'
 *
 * const door = new Door(new Hub())
 *
 * async function play(request: AccessRequest, sink: Sink, gone: AbortSignal): Promise<string> {
 *   const playback = await door.play(request, gone)
 *   if (playback.type === 'refusal') return playback.cause
 *   const { source, userData } = playback
 *   const player = source.attach(sink, { format: FLV_VIEW, request, userData })
 *   gone.addEventListener('abort', () => {
 *     player.detach()
 *     playback.end()
 *   })
 *   return 'playing'
 * }
 * ```
 */
export class Door {
  readonly #resolver: HubResolver

  /** @param hub - the hub, or a function that picks it for a request; `undefined` from it is "no such virtual host". */
  constructor(hub: HubResolver) {
    this.#resolver = hub
  }

  /** The hub of `request`. @throws what the function that picks it throws. */
  hubOf(request: AccessRequest): Hub | undefined {
    return typeof this.#resolver === 'function' ? this.#resolver(request) : this.#resolver
  }

  /**
   * Lets a publisher in. Never rejects. The stream is published before this resolves: call {@link Publication.end} if the peer cannot be
   * told any more.
   * @param signal - aborts when the peer has gone.
   */
  async publish(
    request: AccessRequest,
    signal: AbortSignal,
    { mayEnter, onLost }: DoorPublishOptions = {},
  ): Promise<Publication | Refusal> {
    const admitted = await this.#admit(request, signal, mayEnter)
    if (admitted.type === 'refusal') return admitted
    const { hub, request: named, decision } = admitted
    const { takeOver, atc, userData, onEnd } = decision
    let publisher: Publisher
    try {
      publisher = hub.publish(named.streamPath, {
        takeOver,
        atc,
        request: named,
        userData,
        onLost: (reason) => {
          onEnd?.()
          onLost?.(reason)
        },
      })
    } catch (error) {
      const isTaken = error instanceof ProtocolError
      const isTold = error instanceof MediaError || error instanceof RangeError
      const reason = isTaken ? 'the stream name is in use' : isTold ? error.message : 'internal error'
      hub.failed(named, reason)
      onEnd?.()
      return refusal(isTaken ? 'in-use' : 'error', reject(reason), hub, error)
    }
    const publication = new Publication(publisher, onEnd)
    // A listener of the hub may have closed the connection, or ended the publisher, when it was notified.
    if (!signal.aborted && publisher.ended === undefined) return publication
    publication.end()
    return signal.aborted ? gone(hub) : refusal('decision', reject('the stream was ended by the server'), hub)
  }

  /**
   * Lets a player in. Never rejects.
   * @param signal - aborts when the peer has gone.
   */
  async play(
    request: AccessRequest,
    signal: AbortSignal,
    { mayEnter, find = findByPath }: DoorPlayOptions = {},
  ): Promise<Playback | Refusal> {
    const admitted = await this.#admit(request, signal, mayEnter)
    if (admitted.type === 'refusal') return admitted
    const { hub, request: named, decision } = admitted
    let source: Source | undefined
    let error: unknown
    try {
      source = await find(hub, named.streamPath, signal)
    } catch (thrown) {
      error = thrown
    }
    if (signal.aborted) {
      decision.onEnd?.()
      return gone(hub)
    }
    // It may have closed between its publish and this turn.
    if (source !== undefined && !source.closed) return new Playback(hub, named, source, decision)
    const reason = error === undefined ? 'no such stream' : 'internal error'
    hub.failed(named, reason)
    decision.onEnd?.()
    return error === undefined
      ? refusal('no-source', reject(reason, { notFound: true }), hub)
      : refusal('error', reject(reason), hub, error)
  }

  async #admit(
    request: AccessRequest,
    signal: AbortSignal,
    mayEnter: EnterOptions['mayEnter'],
  ): Promise<Admitted | Refusal> {
    let hub: Hub | undefined
    try {
      hub = this.hubOf(request)
    } catch (error) {
      return refusal('error', reject('the decision failed'), undefined, error)
    }
    if (hub === undefined) return refusal('no-hub', reject('no such virtual host', { notFound: true }))
    const entering = mayEnter?.(hub)
    const refused = entering === undefined ? undefined : await entering
    if (refused !== undefined) return signal.aborted ? gone() : refusal('decision', refused)
    const decision = await hub.authorize(request, signal)
    if (signal.aborted) {
      if (decision.type === 'accept') decision.onEnd?.()
      return gone(hub)
    }
    if (decision.type !== 'accept') return refusal('decision', decision, hub)
    const named = renameRequest(request, decision.streamPath ?? request.streamPath)
    return { type: 'admitted', hub, request: named, decision }
  }
}

const findByPath: FindSource = (hub, streamPath, signal) => hub.findSource(streamPath, signal)

function refusal(
  cause: RefusalCause,
  decision: AccessReject | AccessRedirect,
  hub?: Hub,
  error?: unknown,
): Refusal {
  return { type: 'refusal', cause, decision, hub, ...(error === undefined ? {} : { error }) }
}

function gone(hub?: Hub): Refusal {
  return refusal('gone', reject('the peer has gone'), hub)
}
