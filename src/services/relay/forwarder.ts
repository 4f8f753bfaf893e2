/**
 * Every stream of a hub to any number of servers.
 *
 * @module
 */
import createDebug from 'debug'
import { LimitError } from '../../errors/index.ts'
import { Announcer, followHub, type Publisher, type Source } from '../../hub/index.ts'
import { randomName } from '../identity/internal.ts'
import { sleep } from '../../hub/internal.ts'
import { Backoff } from '../backoff.ts'
import { parseOptions } from '../parse-options.ts'
import { type ForwardTarget, targetUrl } from './forward-target.ts'
import { forwarderOptions, forwardTargets, type ResolvedForwarderOptions } from './forward.schema.ts'
import type {
  FindForwardTargets,
  ForwarderEvents,
  ForwarderOptions,
  ForwardTargets,
} from './forwarder-options.ts'
import { StreamPush, type StreamPushStats } from './stream-push.ts'
import { viaOf } from './via.ts'

const debug = createDebug('millrace:forward')

/** Where one stream goes now. */
interface Forwarding {
  readonly source: Source
  /** By URL. */
  readonly configured: Map<string, StreamPush>
  /** By URL: of {@link Forwarder.start}. */
  readonly started: Map<string, StreamPush>
  /** Aborts the question where it should go. */
  asking: AbortController | undefined
}

/**
 * Forwards the streams of a hub to RTMP servers: all to the same ones, or each to those that a function names. What happens to one target
 * concerns neither the stream nor another target; see {@link StreamPush} for what happens to one.
 *
 * @example One stream to three services
 * ```ts
 * import { Hub, RtmpServer } from 'millrace'
 * import { Forwarder } from 'millrace/services/relay'
 *
 * const hub = new Hub()
 * await new RtmpServer({ hub }).listen({ port: 1935 })
 * const forwarder = new Forwarder({
 *   hub,
 *   targets: ['rtmps://a.example.com/live2/key', 'rtmp://b.example.com/app/key', 'rtmp://c.example.com/live'],
 * })
 * ```
 */
export class Forwarder extends Announcer<ForwarderEvents> {
  readonly #options: ResolvedForwarderOptions
  readonly #mark: string
  readonly #forwardings: Map<Source, Forwarding>
  readonly #ending: Set<StreamPush>
  readonly #unfollow: () => void
  readonly #onAbort: () => void
  #targets: FindForwardTargets | readonly ForwardTarget[]
  #closed: boolean

  /**
   * Begins with the streams that are there.
   * @param options - `hub` is required.
   * @throws TypeError for options that are wrong, such as a target that is no RTMP URL.
   */
  constructor(options: ForwarderOptions) {
    super()
    const resolved = parseOptions(forwarderOptions, options, 'Forwarder')
    this.#options = resolved
    this.#mark = randomName(8)
    this.#forwardings = new Map()
    this.#ending = new Set()
    this.#onAbort = () => void this.close()
    this.#targets = resolved.targets
    const { hub, signal } = resolved
    this.#closed = signal?.aborted === true
    this.#unfollow = followHub(hub, {
      withinGrace: true,
      publish: (source, publisher) => this.#published(source, publisher),
      unpublish: (source) => this.#forwardings.get(source)?.asking?.abort(),
      close: (source) => this.#forget(source),
    })
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (signal?.aborted === true) this.#onAbort()
  }

  /** The connections of all streams, those that end now among them. */
  get pushes(): readonly StreamPush[] {
    const running = Array.from(this.#forwardings.values(), pushesOf).flat()
    return [...running, ...this.#ending]
  }

  /** Counters of every connection, or of those of one stream; made when asked. */
  stats(source?: Source): StreamPushStats[] {
    const pushes = source === undefined ? this.pushes : this.pushes.filter((push) => push.source === source)
    return pushes.map((push) => push.stats())
  }

  /**
   * Other targets from now on, as after a reload of a configuration file. A target that stays keeps its connection.
   * @throws TypeError for a target that is no RTMP URL; nothing has changed then.
   */
  setTargets(targets: ForwardTargets | FindForwardTargets): void {
    this.#targets =
      typeof targets === 'function' ? targets : parseOptions(forwardTargets, targets, 'Forwarder targets')
    this.#begin()
  }

  /**
   * Forwards one stream to further targets, until it closes or {@link Forwarder.stop}. Replaces what was started before.
   * @throws TypeError for a target that is no RTMP URL; {@link LimitError} `ERR_FORWARD_TARGETS` for more than `maxTargets`; RangeError for
   * a source that is closed.
   */
  start(source: Source, targets: ForwardTargets): void {
    if (source.closed || this.#closed) throw new RangeError('the stream or the forwarder is closed')
    const parsed = parseOptions(forwardTargets, targets, 'Forwarder targets')
    const forwarding = this.#forwardingOf(source)
    this.#apply(forwarding.source, forwarding.started, parsed)
  }

  /** Ends what {@link Forwarder.start} began for a stream. Resolves when the connections are closed. */
  async stop(source: Source): Promise<void> {
    const started = this.#forwardings.get(source)?.started
    if (started === undefined) return
    const ending = Array.from(started.values())
    started.clear()
    await Promise.all(ending.map((push) => this.#end(push)))
  }

  /** Whether {@link Forwarder.start} named targets for a stream. */
  isStarted(source: Source): boolean {
    return (this.#forwardings.get(source)?.started.size ?? 0) > 0
  }

  /** Ends everything. Resolves when the connections are closed. Harmless when repeated. */
  async close(): Promise<void> {
    this.#closed = true
    const { signal } = this.#options
    this.#unfollow()
    signal?.removeEventListener('abort', this.#onAbort)
    for (const forwarding of this.#forwardings.values()) {
      forwarding.asking?.abort()
      for (const push of pushesOf(forwarding)) void this.#end(push)
    }
    this.#forwardings.clear()
    await Promise.all(Array.from(this.#ending, (push) => push.closed))
  }

  /** {@inheritDoc Forwarder.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #begin(): void {
    for (const source of this.#options.hub.sources) {
      if (source.lastPublisher !== undefined) this.#published(source, source.lastPublisher)
    }
  }

  #published(source: Source, publisher: Publisher): void {
    if (source.closed || this.#closed) return
    const forwarding = this.#forwardingOf(source)
    forwarding.asking?.abort()
    if (viaOf(publisher.request).includes(this.#mark)) {
      debug('%s comes back', source.streamPath)
      this.#apply(source, forwarding.configured, [])
      this.emit('loop', source, publisher)
    } else if (typeof this.#targets === 'function') {
      void this.#ask(forwarding, publisher, this.#targets)
    } else {
      this.#tryApply(forwarding, this.#targets)
    }
  }

  async #ask(forwarding: Forwarding, publisher: Publisher, find: FindForwardTargets): Promise<void> {
    const { retry, random, targetsRequired, clock } = this.#options
    const backoff = new Backoff({ ...retry, random })
    const asking = new AbortController()
    forwarding.asking = asking
    while (!asking.signal.aborted && publisher.ended === undefined) {
      try {
        const found = await find(publisher, asking.signal)
        if (asking.signal.aborted) return
        if (this.#tryApply(forwarding, found)) return
      } catch (error) {
        if (asking.signal.aborted) return
        this.emit('targetsError', error, forwarding.source)
      }
      if (targetsRequired) {
        publisher.kick()
        return
      }
      await sleep(clock, backoff.nextMs(), asking.signal)
    }
  }

  /** @returns whether `targets` is a list of targets. */
  #tryApply(forwarding: Forwarding, targets: unknown): boolean {
    try {
      const parsed = parseOptions(forwardTargets, targets, 'Forwarder targets')
      this.#apply(forwarding.source, forwarding.configured, parsed)
      return true
    } catch (error) {
      this.emit('targetsError', error, forwarding.source)
      return false
    }
  }

  /** Makes `pushes` those to `targets`; what is there already goes on. */
  #apply(source: Source, pushes: Map<string, StreamPush>, targets: readonly ForwardTarget[]): void {
    const { vhost, maxTargets } = this.#options
    if (targets.length > maxTargets) {
      throw new LimitError('ERR_FORWARD_TARGETS', `${targets.length} targets, at most ${maxTargets}`)
    }
    const names = { vhost, streamPath: source.streamPath, param: source.lastPublisher?.request?.param ?? '' }
    const wanted = new Map(targets.map((target) => [targetUrl(target, names), target.name]))
    for (const [url, push] of pushes) {
      if (wanted.has(url)) continue
      pushes.delete(url)
      void this.#end(push)
    }
    for (const [url, name] of wanted) {
      if (!pushes.has(url)) pushes.set(url, this.#push(source, url, name))
    }
  }

  #push(source: Source, url: string, name: string | undefined): StreamPush {
    const { retry, clock, random, client, start, maxLagMs, connect } = this.#options
    const push = new StreamPush({
      source,
      url,
      retry,
      clock,
      random,
      start,
      mark: this.#mark,
      ...(name !== undefined && { name }),
      ...(client !== undefined && { client }),
      ...(maxLagMs !== undefined && { maxLagMs }),
      ...(connect !== undefined && { connect }),
    })
    push.on('listenerError', (error, event) => this.emit('listenerError', error, event))
    push.on('connect', () => this.emit('connect', push))
    push.on('lost', (failure, retryMs) => this.emit('lost', push, failure, retryMs))
    push.on('close', () => {
      this.#ending.delete(push)
      this.emit('close', push)
    })
    return push
  }

  #end(push: StreamPush): Promise<void> {
    if (push.state !== 'closed') this.#ending.add(push)
    return push.close()
  }

  #forwardingOf(source: Source): Forwarding {
    let forwarding = this.#forwardings.get(source)
    if (forwarding === undefined) {
      forwarding = { source, configured: new Map(), started: new Map(), asking: undefined }
      this.#forwardings.set(source, forwarding)
    }
    return forwarding
  }

  /** A source that closes ends its pushes: they send what is left. */
  #forget(source: Source): void {
    const forwarding = this.#forwardings.get(source)
    if (forwarding === undefined) return
    this.#forwardings.delete(source)
    forwarding.asking?.abort()
    for (const push of pushesOf(forwarding)) if (push.state !== 'closed') this.#ending.add(push)
  }
}

function pushesOf(forwarding: Forwarding): StreamPush[] {
  return [...forwarding.configured.values(), ...forwarding.started.values()]
}
