/**
 * All that one virtual host does, as the file says.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { accept, type Authorize, type Hub, type HubOptions } from 'millrace/hub'
import type { RtmpConnectDecider } from 'millrace/node'
import { all, allConnect } from 'millrace/services/admission'
import { type ListedService } from 'millrace/services/control'
import type { Capability, VhostContext } from './capabilities/capability.ts'
import { type Capabilities, makeCapabilities } from './capabilities/index.ts'
import type { VhostConfig } from './config/vhost-sections.ts'

/** The capabilities of a virtual host as one. */
export class VhostServices {
  /** For its hub; the same whatever the file says. */
  readonly authorize: Authorize
  /** For its hub; the same whatever the file says. `undefined` when no capability finds streams. */
  readonly resolveSource: HubOptions['resolveSource']
  /** For the RTMP server. */
  readonly onConnect: RtmpConnectDecider
  /** What the API shows, starts and stops, by name. */
  readonly streamServices: ReadonlyMap<string, ListedService>
  readonly #capabilities: Capabilities
  readonly #list: readonly Capability[]
  #config: VhostConfig | undefined

  /** @param demoKey - secret name that the demo is published under. */
  constructor(context: VhostContext, demoKey: string) {
    this.#capabilities = makeCapabilities(context)
    const list: readonly Capability[] = Object.values(this.#capabilities)
    const rule = all(...list.flatMap(({ authorize }) => authorize ?? []))
    // The demo comes in whatever others are asked for: it alone knows the key.
    this.authorize = (request, signal) =>
      request.action === 'publish' && request.streamName === demoKey
        ? accept({ streamPath: '/live/demo' })
        : rule(request, signal)
    this.resolveSource = firstFound(list.flatMap(({ resolveSource }) => resolveSource ?? []))
    this.onConnect = allConnect(...list.toReversed().flatMap(({ onConnect }) => onConnect ?? []))
    this.streamServices = new Map(list.flatMap(({ services }) => Object.entries(services ?? {})))
    this.#list = list
    this.#config = undefined
  }

  /** HLS. */
  get hls(): Capabilities['hls'] {
    return this.#capabilities.hls
  }

  /** Pictures of streams. */
  get pictures(): Capabilities['pictures'] {
    return this.#capabilities.pictures
  }

  /** Measuring what a viewer's network carries. */
  get bandwidthCheck(): Capabilities['bandwidthCheck'] {
    return this.#capabilities.bandwidthCheck
  }

  /**
   * Makes everything anew that `config` changes; the rest goes on as it is. Admitted clients stay in.
   * @param hub - the hub of this virtual host.
   * @throws what the first capability throws that cannot be so; the others are applied, and the next time all of them are tried again.
   */
  async apply(config: VhostConfig, hub: Hub): Promise<void> {
    if (isDeepStrictEqual(this.#config, config)) return
    this.#config = undefined
    const errors: unknown[] = []
    for (const capability of this.#list) {
      try {
        await capability.apply(config, hub)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
    this.#config = config
  }

  /** @returns whether the request was for one of them and will be answered. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#list.some((capability) => capability.handle?.(request, response) === true)
  }

  /** Ends them all. Close servers and hub before. */
  async close(): Promise<void> {
    for (const capability of this.#list.toReversed()) await capability.close()
  }
}

function firstFound(
  finders: readonly NonNullable<HubOptions['resolveSource']>[],
): HubOptions['resolveSource'] {
  if (finders.length === 0) return undefined
  return async (streamPath, signal) => {
    for (const find of finders) {
      const source = await find(streamPath, signal)
      if (source !== undefined) return source
    }
    return undefined
  }
}
