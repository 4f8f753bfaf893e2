/**
 * Who gets into a hub, who is told of it, and its HLS, as the file says.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import { accept, type Authorize, type Hub, reject } from 'millrace/hub'
import { DirectorySegmentStore, HlsHandler, MemorySegmentStore, type RtmpConnectDecider } from 'millrace/node'
import {
  AccessLimits,
  type AccessRule,
  addressRules,
  all,
  allConnect,
  HttpCallbacks,
  refererRules,
  type ServerIdentity,
  signedUrls,
} from 'millrace/services'
import type { VhostConfig } from './config.schema.ts'
import type { EventLog } from './event-log.ts'
import { withoutUndefined } from './without-undefined.ts'

/** What is the same for the whole server. */
export interface ServerSettings {
  readonly identity: ServerIdentity
  readonly cors: string | false
  readonly trustProxy: boolean | number
  readonly log: EventLog
  /** Secret name that the demo is published under. */
  readonly demoKey: string
}

/** The services of a virtual host. */
export class VhostServices {
  /** For its hub; the same whatever the file says. */
  readonly authorize: Authorize
  /** For the RTMP server. */
  readonly onConnect: RtmpConnectDecider
  readonly #name: string
  readonly #settings: ServerSettings
  readonly #limits: AccessLimits
  /** Those that are not asked any more, and have the ends of whom they let in still to tell. */
  readonly #retired: HttpCallbacks[]
  #config: VhostConfig | undefined
  #rule: Authorize
  #callbacks: HttpCallbacks | undefined
  #hls: HlsHandler | undefined
  #unwatch: () => void

  constructor(name: string, settings: ServerSettings) {
    // The demo comes in whatever others are asked for: it alone knows the key.
    this.authorize = (request, signal) =>
      request.action === 'publish' && request.streamName === settings.demoKey
        ? accept({ streamPath: '/live/demo' })
        : this.#rule(request, signal)
    this.#name = name
    this.#settings = settings
    this.#limits = new AccessLimits()
    this.onConnect = allConnect(this.#limits.onConnect, (request, connection, signal) =>
      this.#callbacks === undefined
        ? { type: 'accept' }
        : this.#callbacks.onConnect(request, connection, signal),
    )
    this.#retired = []
    this.#config = undefined
    this.#rule = () => false
    this.#callbacks = undefined
    this.#hls = undefined
    this.#unwatch = () => undefined
  }

  /** Serves the streams, unless HLS is off. */
  get hls(): HlsHandler | undefined {
    return this.#hls
  }

  /**
   * Makes everything anew that `config` changes; the rest goes on as it is. Whoever is in stays in.
   * @param hub - the hub of this virtual host.
   */
  async apply(config: VhostConfig, hub: Hub): Promise<void> {
    const before = this.#config
    if (isDeepStrictEqual(before, config)) return
    this.#config = config
    const { access, publishKeys } = config
    const told = [before?.callbacks, before?.hls.directory]
    if (!isDeepStrictEqual(told, [config.callbacks, config.hls.directory])) {
      if (this.#callbacks !== undefined) this.#retired.push(this.#callbacks)
      this.#callbacks =
        config.callbacks === undefined
          ? undefined
          : makeCallbacks(this.#name, config, config.callbacks, this.#settings)
    }
    this.#limits.setOptions(withoutUndefined(access.limits ?? {}))
    // Cheap ones first; only those who get in are counted.
    this.#rule = all(
      ...accessRules(access, publishKeys),
      ...(this.#callbacks === undefined ? [] : [this.#callbacks.authorize]),
      this.#limits.rule,
    )
    if (!isDeepStrictEqual(before?.hls, config.hls)) {
      // What is stored goes first: the next handler may write to the same place.
      const past = this.#hls
      this.#hls = undefined
      await past?.close()
      this.#hls = this.#openHls(config.hls, hub)
    }
    this.#unwatch()
    this.#unwatch =
      (this.#hls === undefined ? undefined : this.#callbacks?.watchHls(this.#hls)) ?? (() => undefined)
  }

  /** Ends HLS, then tells the backend what is left to tell. Close servers and hub before. */
  async close(): Promise<void> {
    await this.#hls?.close()
    const backends = this.#callbacks === undefined ? this.#retired : [...this.#retired, this.#callbacks]
    await Promise.all(backends.map((callbacks) => callbacks.close()))
  }

  #openHls(
    { mode, directory, targetDurationMs, windowMs }: VhostConfig['hls'],
    hub: Hub,
  ): HlsHandler | undefined {
    if (mode === 'off') return undefined
    const { cors, trustProxy } = this.#settings
    return new HlsHandler({
      hub,
      cors,
      trustProxy,
      mode,
      store: directory === undefined ? new MemorySegmentStore() : new DirectorySegmentStore(directory),
      ...withoutUndefined({ targetDurationMs, windowMs }),
    })
  }
}

function accessRules(
  { addresses, addressOrder: order, referers, signedUrls: signed }: VhostConfig['access'],
  keys: VhostConfig['publishKeys'],
): AccessRule[] {
  const rules: AccessRule[] = []
  if (addresses !== undefined) rules.push(addressRules(addresses, withoutUndefined({ order })))
  if (referers !== undefined) rules.push(refererRules(withoutUndefined(referers)))
  if (keys !== undefined) rules.push(keyRule(keys))
  if (signed !== undefined) {
    const { secret, actions, bindAddress } = signed
    rules.push(signedUrls({ secret, ...withoutUndefined({ actions, bindAddress }) }))
  }
  return rules
}

/** Maps secret keys to public names. */
function keyRule(keys: NonNullable<VhostConfig['publishKeys']>): AccessRule {
  const streams = new Map(keys.map(({ key, stream }) => [key, stream]))
  return ({ action, streamName }) => {
    if (action === 'play') return 'abstain'
    const streamPath = streams.get(streamName)
    return streamPath === undefined ? reject('unknown stream key') : accept({ streamPath })
  }
}

function makeCallbacks(
  vhost: string,
  { hls }: VhostConfig,
  { urls, ...options }: NonNullable<VhostConfig['callbacks']>,
  { identity, log }: ServerSettings,
): HttpCallbacks {
  const hlsDirectory = hls.directory
  const callbacks = new HttpCallbacks({
    urls,
    identity,
    vhost,
    ...withoutUndefined({ ...options, hlsDirectory }),
  })
  // Not the URL: it may have a secret in it.
  callbacks.on('failure', ({ action, attempt, error }) =>
    log.line(`callback ${action} failed, attempt ${attempt}: ${error.message}`),
  )
  callbacks.on('dropped', (action) => log.line(`callback ${action} dropped: too many wait`))
  return callbacks
}
