/**
 * Who gets into a hub, who is told of it, and its HLS, as the file says.
 *
 * @module
 */
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
}

/** The services of a hub. */
export class VhostServices {
  /** For the hub. */
  readonly authorize: Authorize
  /** For the RTMP server. */
  readonly onConnect: RtmpConnectDecider
  readonly #config: VhostConfig
  readonly #settings: ServerSettings
  readonly #callbacks: HttpCallbacks | undefined
  #hls: HlsHandler | undefined

  /** @throws TypeError for settings that the library does not take. */
  constructor(config: VhostConfig, settings: ServerSettings) {
    const { publishKeys, access, callbacks } = config
    const limits = new AccessLimits(withoutUndefined(access.limits ?? {}))
    this.#config = config
    this.#settings = settings
    this.#callbacks = callbacks === undefined ? undefined : makeCallbacks(config, callbacks, settings)
    const backend = this.#callbacks === undefined ? [] : [this.#callbacks]
    // Cheap ones first; only those who get in are counted.
    this.authorize = all(
      ...accessRules(access, publishKeys),
      ...backend.map(({ authorize }) => authorize),
      limits.rule,
    )
    this.onConnect = allConnect(limits.onConnect, ...backend.map(({ onConnect }) => onConnect))
    this.#hls = undefined
  }

  /** Packages the streams of `hub`, unless HLS is off. */
  openHls(hub: Hub): HlsHandler | undefined {
    const { mode, directory, targetDurationMs, windowMs } = this.#config.hls
    if (mode === 'off') return undefined
    const { cors, trustProxy } = this.#settings
    this.#hls = new HlsHandler({
      hub,
      cors,
      trustProxy,
      mode,
      store: directory === undefined ? new MemorySegmentStore() : new DirectorySegmentStore(directory),
      ...withoutUndefined({ targetDurationMs, windowMs }),
    })
    this.#callbacks?.watchHls(this.#hls)
    return this.#hls
  }

  /** Ends HLS, then tells the backend what is left to tell. Close servers and hub before. */
  async close(): Promise<void> {
    await this.#hls?.close()
    await this.#callbacks?.close()
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
  { hls }: VhostConfig,
  { urls, ...options }: NonNullable<VhostConfig['callbacks']>,
  { identity, log }: ServerSettings,
): HttpCallbacks {
  const hlsDirectory = hls.directory
  const callbacks = new HttpCallbacks({ urls, identity, ...withoutUndefined({ ...options, hlsDirectory }) })
  // Not the URL: it may have a secret in it.
  callbacks.on('failure', ({ action, attempt, error }) =>
    log.line(`callback ${action} failed, attempt ${attempt}: ${error.message}`),
  )
  callbacks.on('dropped', (action) => log.line(`callback ${action} dropped: too many wait`))
  return callbacks
}
