/**
 * How many get in, how much they send, and for whom: `access.limits`.
 *
 * @module
 */
import type { Hub } from 'millrace/hub'
import type { RtmpConnectDecider } from 'millrace/node'
import { AccessLimits, type AccessRule, BitrateLimit, IdleLimit } from 'millrace/services/admission'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { withoutUndefined } from '../config/without-undefined.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'

/** The section, where it is. */
type Limits = NonNullable<NonNullable<VhostConfig['access']>['limits']>

/** The limits of a virtual host. */
export class AccessBounds implements Capability {
  /** @internal */
  readonly authorize: AccessRule
  /** @internal */
  readonly onConnect: RtmpConnectDecider
  readonly #context: VhostContext
  /** Never made anew: it knows who is in. */
  readonly #counts: AccessLimits
  readonly #bitrate: SectionInstance<NonNullable<Limits['bitrate']>, BitrateLimit>
  readonly #idle: SectionInstance<number, IdleLimit>

  constructor(context: VhostContext) {
    this.#context = context
    this.#counts = new AccessLimits()
    this.#bitrate = new SectionInstance()
    this.#idle = new SectionInstance()
    this.authorize = this.#counts.rule
    this.onConnect = this.#counts.onConnect
  }

  /** @internal */
  async apply({ access }: VhostConfig, hub: Hub): Promise<void> {
    const { bitrate, maxIdleMs, ...counts } = access?.limits ?? {}
    this.#counts.setOptions(withoutUndefined(counts))
    await this.#bitrate.apply(bitrate, (options) => this.#limitBitrate(hub, options))
    await this.#idle.apply(maxIdleMs, (limit) => this.#limitIdle(hub, limit))
  }

  /** @internal */
  async close(): Promise<void> {
    await this.#bitrate.close()
    await this.#idle.close()
  }

  #limitBitrate(hub: Hub, options: NonNullable<Limits['bitrate']>): BitrateLimit {
    const { log, vhost } = this.#context
    const limit = new BitrateLimit(hub, options)
    limit.on('exceeded', ({ streamPath: stream }, _publisher, kbps) =>
      log.event('bitrate-exceeded', { vhost, stream, kbps }, `${stream} ended: ${kbps} kbit/s`),
    )
    return limit
  }

  #limitIdle(hub: Hub, maxIdleMs: number): IdleLimit {
    const { log, vhost } = this.#context
    const limit = new IdleLimit(hub, { maxIdleMs })
    limit.on('exceeded', ({ streamPath: stream }) =>
      log.event('idle', { vhost, stream }, `${stream} ended: no viewers for ${maxIdleMs} ms`),
    )
    return limit
  }
}
