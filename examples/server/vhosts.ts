/**
 * The virtual hosts of the server with their services, as the file has them.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { HubOptions } from 'millrace/hub'
import type { HlsHandler, RtmpConnectDecider } from 'millrace/node'
import { resolveStreamTarget } from 'millrace/rtmp'
import { DEFAULT_VHOST, type VhostChanges, VhostHubs } from 'millrace/services'
import type { Config } from './config.schema.ts'
import { type NamedVhost, vhostsOf } from './vhost-config.ts'
import { type ServerSettings, VhostServices } from './vhost-services.ts'
import { withoutUndefined } from './without-undefined.ts'

/** Hubs and what belongs to them. */
export class Vhosts {
  /** The hubs. */
  readonly hubs: VhostHubs
  /** For the RTMP server: asks the virtual host of the tcUrl. */
  readonly onConnect: RtmpConnectDecider
  readonly #settings: ServerSettings
  #services: ReadonlyMap<string, VhostServices>
  #applied: readonly NamedVhost[]

  constructor(settings: ServerSettings) {
    this.hubs = new VhostHubs()
    this.hubs.on('open', (name, hub) => settings.log.watchHub(hub, name === DEFAULT_VHOST ? '' : name))
    this.onConnect = (request, connection, signal) => {
      const { vhost } = resolveStreamTarget({ tcUrl: request.tcUrl, app: request.app })
      return this.#of(vhost)?.onConnect(request, connection, signal) ?? { type: 'accept' }
    }
    this.#settings = settings
    this.#services = new Map()
    this.#applied = []
  }

  /**
   * Makes them what `config` says. What it does not change is not touched.
   * @throws RangeError for an option that a hub does not take; nothing has changed then.
   */
  async apply(config: Config): Promise<VhostChanges> {
    const wanted = vhostsOf(config)
    const past = this.#services
    const services = new Map(
      wanted.map(({ name }) => [name, past.get(name) ?? new VhostServices(name, this.#settings)] as const),
    )
    const { added, removed } = this.hubs.apply(
      wanted.map((vhost) => [vhost.name, settingsOf(vhost, services)] as const),
    )
    this.#services = services
    const before = new Map(this.#applied.map((vhost) => [vhost.name, vhost]))
    this.#applied = wanted
    const changed = wanted.filter((vhost) => {
      const old = before.get(vhost.name)
      return old !== undefined && !isDeepStrictEqual(old, vhost)
    })
    await Promise.all(
      wanted.map(({ name, config: own }) => services.get(name)!.apply(own, this.hubs.get(name)!)),
    )
    await Promise.all(removed.map((name) => past.get(name)!.close()))
    return { added, changed: changed.map(({ name }) => name), removed }
  }

  /** The HLS handlers of all of them. */
  *hls(): Generator<HlsHandler> {
    for (const { hls } of this.#services.values()) if (hls !== undefined) yield hls
  }

  /** @returns whether the request was for HLS and will be answered. */
  handleHls(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#hlsOf(request)?.handle(request, response) === true
  }

  /** Ends them all. Close servers before. */
  async close(): Promise<void> {
    this.hubs.close()
    await Promise.all(Array.from(this.#services.values(), (services) => services.close()))
  }

  #of(vhost: string): VhostServices | undefined {
    return this.#services.get(this.hubs.nameOf(vhost) ?? '')
  }

  #hlsOf({ url = '', headers }: IncomingMessage): HlsHandler | undefined {
    const query = new URLSearchParams(url.split('?', 2)[1])
    const session = query.get('session')
    // A segment's URL has the session alone.
    if (session !== null) {
      for (const handler of this.hls()) if (handler.viewer(session) !== undefined) return handler
    }
    const host = (headers.host ?? '').replace(/:\d+$/, '')
    return this.#of(query.get('vhost') ?? query.get('domain') ?? host)?.hls
  }
}

function settingsOf(
  { name, aliases, config }: NamedVhost,
  services: ReadonlyMap<string, VhostServices>,
): { readonly aliases: readonly string[]; readonly options: HubOptions } {
  const { authorize } = services.get(name)!
  return { aliases, options: { ...withoutUndefined(config.hub), authorize } }
}
