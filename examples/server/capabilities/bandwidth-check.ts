/**
 * What the network of a viewer carries: `bandwidthCheck`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RtmpConnectDecider } from 'millrace/node'
import { BandwidthHandler, RtmpBandwidthCheck } from 'millrace/services/bandwidth'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'

/** The bandwidth checks of a virtual host. */
export class BandwidthCheck implements Capability {
  /** @internal */
  readonly onConnect: RtmpConnectDecider
  readonly #context: VhostContext
  readonly #http: SectionInstance<NonNullable<VhostConfig['bandwidthCheck']>, BandwidthHandler>
  #rtmp: RtmpBandwidthCheck | undefined

  constructor(context: VhostContext) {
    this.#context = context
    this.#http = new SectionInstance()
    this.#rtmp = undefined
    this.onConnect = (request, connection) => this.#rtmp?.onConnect(request, connection) ?? { type: 'accept' }
  }

  /** Whether `/bandwidth` answers. */
  get isOn(): boolean {
    return this.#http.current !== undefined
  }

  /** @internal */
  async apply({ bandwidthCheck }: VhostConfig): Promise<void> {
    const { cors } = this.#context
    const isNew = await this.#http.apply(bandwidthCheck, (section) => {
      const { authentication, maxBytes, maxDurationMs, maxTransfers } = section
      return new BandwidthHandler({ cors, authentication, maxBytes, maxDurationMs, maxTransfers })
    })
    const rtmp = bandwidthCheck?.rtmp
    if (isNew) this.#rtmp = rtmp === undefined ? undefined : new RtmpBandwidthCheck(rtmp)
  }

  /** @internal */
  async close(): Promise<void> {
    this.#rtmp = undefined
    await this.#http.close()
  }

  /** @internal */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#http.current?.handle(request, response) === true
  }
}
