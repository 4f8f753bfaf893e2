/**
 * The virtual hosts of the server with their services, as the file has them.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { HubOptions } from 'millrace/hub'
import type { RtmpConnectDecider } from 'millrace/node'
import type { HlsHandler } from 'millrace/packaging'
import { resolveStreamTarget, DEFAULT_VHOST } from 'millrace/rtmp'
import {
  type ListedService,
  type ServiceInfo,
  type ServiceTarget,
  type StreamService,
  StreamServices,
} from 'millrace/services/control'
import { type VhostChanges, VhostHubs } from 'millrace/services/vhosts'
import type { VhostContext } from './capabilities/capability.ts'
import type { Config } from './config/config.schema.ts'
import type { NamedVhost } from './config/vhost-config.ts'
import { VhostServices } from './vhost-services.ts'

/** What is the same for all of them. */
export interface VhostsSettings extends Omit<VhostContext, 'vhost'> {
  /** Secret name that the demo is published under. */
  readonly demoKey: string
}

/** Hubs and what belongs to them. */
export class Vhosts {
  /** The hubs. */
  readonly hubs: VhostHubs
  /** For the RTMP server: asks the virtual host of the tcUrl. */
  readonly onConnect: RtmpConnectDecider
  /** For the API: what can be started and stopped on a stream. */
  readonly streamServices: StreamServices
  readonly #settings: VhostsSettings
  #services: ReadonlyMap<string, VhostServices>
  #applied: readonly NamedVhost[]

  constructor(settings: VhostsSettings) {
    this.hubs = new VhostHubs()
    this.hubs.on('open', (name, hub) => settings.log.watchHub(hub, name === DEFAULT_VHOST ? '' : name))
    this.onConnect = (request, connection, signal) => {
      const { vhost } = resolveStreamTarget({ tcUrl: request.tcUrl, app: request.app })
      return this.#of(vhost)?.onConnect(request, connection, signal) ?? { type: 'accept' }
    }
    this.streamServices = new StreamServices()
    this.#settings = settings
    this.#services = new Map()
    this.#applied = []
  }

  /**
   * Makes them what `config` says. What it does not change is not touched.
   * @throws RangeError for an option that a hub does not take; nothing has changed then. Whatever else cannot be keeps nothing else from
   * being applied, and is tried again the next time.
   */
  async apply(config: Config): Promise<VhostChanges> {
    const wanted = config.vhosts
    const past = this.#services
    const services = new Map(wanted.map(({ name }) => [name, past.get(name) ?? this.#make(name)] as const))
    const { added, removed } = this.hubs.apply(
      wanted.map((vhost) => [vhost.name, settingsOf(vhost, services)] as const),
    )
    this.#services = services
    const before = new Map(this.#applied.map((vhost) => [vhost.name, vhost]))
    const changed = wanted
      .filter((vhost) => !isDeepStrictEqual(before.get(vhost.name), vhost))
      .map(({ name }) => name)
      .filter((name) => !added.includes(name))
    const outcomes = [
      ...(await Promise.allSettled(
        wanted.map(({ name, config: own }) => services.get(name)!.apply(own, this.hubs.get(name)!)),
      )),
      ...(await Promise.allSettled(removed.map((name) => past.get(name)!.close()))),
    ]
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    this.#applied = wanted
    return { added, changed, removed }
  }

  /** Whether there are pictures of a stream. */
  hasPicture(vhost: string, streamPath: string): boolean {
    return this.#services.get(vhost)?.pictures.has(streamPath) === true
  }

  /** Whether the virtual host that `request` names measures bandwidth. */
  measuresBandwidth(request: IncomingMessage): boolean {
    return this.#servicesOf(request)?.bandwidthCheck.isOn === true
  }

  /** The HLS handlers of all of them. */
  *hls(): Generator<HlsHandler> {
    for (const { hls } of this.#services.values()) if (hls.handler !== undefined) yield hls.handler
  }

  /** @returns whether the request was for a capability of a virtual host and will be answered. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#servicesOf(request)?.handle(request, response) === true
  }

  /** Ends them all. Close servers before. */
  async close(): Promise<void> {
    this.hubs.close()
    await Promise.all(Array.from(this.#services.values(), (services) => services.close()))
  }

  #make(vhost: string): VhostServices {
    const { demoKey, ...shared } = this.#settings
    const services = new VhostServices({ ...shared, vhost }, demoKey)
    for (const [name, service] of services.streamServices) {
      if (this.streamServices.get(name) === undefined)
        this.streamServices.register(name, this.#everywhere(name, service))
    }
    return services
  }

  /** The service `name` of all virtual hosts; on a stream, that of its own. */
  #everywhere(name: string, service: ListedService): ListedService {
    const { description } = service
    const list = (): ServiceInfo[] =>
      Array.from(this.#services).flatMap(([vhost, { streamServices }]) =>
        (streamServices.get(name)?.list?.() ?? []).map((facts) => ({ vhost, ...facts })),
      )
    if (!('isRunning' in service)) return { description, list }
    const of = ({ vhost }: ServiceTarget): StreamService =>
      this.#services.get(vhost)!.streamServices.get(name) as StreamService
    const everywhere: StreamService = {
      description,
      list,
      isRunning: (target) => of(target).isRunning(target),
      start: (target, options) => of(target).start(target, options),
      stop: (target) => of(target).stop(target),
      status: (target) => of(target).status?.(target),
    }
    return everywhere
  }

  #of(vhost: string): VhostServices | undefined {
    return this.#services.get(this.hubs.nameOf(vhost) ?? '')
  }

  #servicesOf({ url = '', headers }: IncomingMessage): VhostServices | undefined {
    const query = new URLSearchParams(url.split('?', 2)[1])
    const session = query.get('session')
    // A segment's URL has the session alone.
    if (session !== null) {
      for (const services of this.#services.values()) {
        if (services.hls.handler?.viewer(session) !== undefined) return services
      }
    }
    const host = (headers.host ?? '').replace(/:\d+$/, '')
    return this.#of(query.get('vhost') ?? query.get('domain') ?? host)
  }
}

function settingsOf(
  { name, aliases, config }: NamedVhost,
  services: ReadonlyMap<string, VhostServices>,
): { readonly aliases: readonly string[]; readonly options: HubOptions } {
  const { authorize, resolveSource } = services.get(name)!
  const found = resolveSource === undefined ? {} : { resolveSource }
  return { aliases, options: { ...config.hub, authorize, ...found } }
}
