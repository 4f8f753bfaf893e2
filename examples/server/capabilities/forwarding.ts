/**
 * Streams that go to other servers: `forward`.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { Hub } from 'millrace/hub'
import { type FindForwardTargets, Forwarder, ForwardService } from 'millrace/services/relay'
import type { VhostConfig } from '../config/vhost-sections.ts'
import type { Callbacks } from './callbacks.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'

/** The section, where it is, without what can be changed while it runs. */
type ForwardConfig = Omit<NonNullable<VhostConfig['forward']>, 'targets'>

/** Forwarding of a virtual host. */
export class Forwarding implements Capability {
  /** @internal */
  readonly services: { readonly forward: ForwardService }
  readonly #context: VhostContext
  readonly #instance: SectionInstance<ForwardConfig, Forwarder>
  readonly #askBackend: FindForwardTargets
  /** What the targets were made from. */
  #from: readonly unknown[]

  constructor(context: VhostContext, callbacks: Callbacks) {
    this.services = { forward: new ForwardService(() => this.#instance.current) }
    this.#context = context
    this.#instance = new SectionInstance()
    this.#askBackend = (publisher, signal) => callbacks.current?.forwardTargets(publisher, signal) ?? []
    this.#from = []
  }

  /** @internal */
  async apply({ forward, callbacks }: VhostConfig, hub: Hub): Promise<void> {
    const { targets = [], ...section } = forward ?? {}
    const isNew = await this.#instance.apply(
      forward === undefined ? undefined : (section as ForwardConfig),
      (options) => this.#open(options, hub),
    )
    const from = [targets, callbacks?.urls.on_forward]
    if (!isNew && isDeepStrictEqual(from, this.#from)) return
    this.#from = from
    const asks = callbacks?.urls.on_forward !== undefined
    this.#instance.current?.setTargets(asks ? this.#askBackend : targets)
  }

  /** @internal */
  async close(): Promise<void> {
    await this.#instance.close()
  }

  #open(section: ForwardConfig, hub: Hub): Forwarder {
    const { vhost, log } = this.#context
    const { required, start, maxTargets, connectTimeoutMs, stallTimeoutMs, retryMinMs, retryMaxMs } = section
    const forwarder = new Forwarder({
      hub,
      vhost,
      start,
      maxTargets,
      targetsRequired: required,
      client: { connectTimeoutMs, stallTimeoutMs },
      retry: { minMs: retryMinMs, maxMs: Math.max(retryMinMs, retryMaxMs) },
    })
    forwarder.on('connect', ({ source: { streamPath: stream }, name: target }) =>
      log.event('forward', { vhost, stream, target }, `forward ${stream} to ${target}`),
    )
    forwarder.on('lost', ({ source: { streamPath: stream }, name: target }, { code, message }, retryMs) =>
      log.event(
        'forward-lost',
        { vhost, stream, target, code, error: message, retryMs },
        `forward ${stream} to ${target}: ${message}, retrying in ${(retryMs / 1_000).toFixed(1)} s`,
      ),
    )
    forwarder.on('close', (push) => {
      const { streamPath: stream, name: target, sentBytes } = push.stats()
      const sent = `${Math.round(sentBytes / 1_000)} kB sent`
      log.event(
        'forward-end',
        { vhost, stream, target, sentBytes },
        `forward ${stream} to ${target}: ended, ${sent}`,
      )
    })
    forwarder.on('targetsError', (error, { streamPath: stream }) =>
      log.event(
        'forward-failed',
        { vhost, stream, error: String(error) },
        `no targets for ${stream}: ${String(error)}`,
      ),
    )
    forwarder.on('loop', ({ streamPath: stream }) =>
      log.event('forward-loop', { vhost, stream }, `${stream} came back and is not forwarded again`),
    )
    return forwarder
  }
}
