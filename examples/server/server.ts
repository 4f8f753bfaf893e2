/**
 * The reference server, assembled from the library's classes.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { Hub } from 'millrace/hub'
import { duplexPair, type HttpHandler, HttpServer, LiveHandler, RtmpClient, RtmpServer } from 'millrace/node'
import { RecentRefusals } from 'millrace/services/admission'
import { HttpGate } from 'millrace/services/authentication'
import { Heartbeat, type HeartbeatOptions } from 'millrace/services/heartbeat'
import { type ApiFeature, HttpApi } from 'millrace/services/http-api'
import { ServerIdentity } from 'millrace/services/identity'
import { MetricsHandler } from 'millrace/services/metrics'
import { Statistics } from 'millrace/services/statistics'
import { type VhostHubs } from 'millrace/services/vhosts'
import { Certificates, readCertificate, type TlsSection } from './certificates.ts'
import { type Config, ConfigError } from './config/config.ts'
import type { EventLog } from './event-log.ts'
import { listening, urlOf } from './listening.ts'
import { servePage } from './page.ts'
import { Reloader, watchConfig } from './reloader.ts'
import { StatusApi } from './status-api.ts'
import { Vhosts } from './vhosts.ts'
import { withoutUndefined } from './config/without-undefined.ts'
import { DEFAULT_VHOST } from 'millrace/rtmp'

/** Stands for an address where the demo comes from; none of a socket looks like it. */
const DEMO_ADDRESS = 'demo'

/** A running server. */
export interface RunningServer {
  /** The streams of the virtual host of everybody. */
  readonly hub: Hub
  /** All virtual hosts. */
  readonly hubs: VhostHubs
  /** Reads the file again; rejects, and changes nothing, if it is wrong. */
  reload(): Promise<void>
  /** `rtmp://…` or `rtmps://…` of the bound address. */
  readonly rtmpUrl: string
  /** `http://…` or `https://…` of the bound address, unless there is no such port. */
  readonly httpUrl: string | undefined
  /** `https://…` of the second HTTP port. */
  readonly httpsUrl: string | undefined
  /** Where API, metrics and page are: on the ports above, unless they have one of their own. */
  readonly operatorUrl: string | undefined
  /** Publishes `live/demo` over a connection in memory: whatever TLS, proxies and stream keys ask of others. */
  publishDemo(signal: AbortSignal): Promise<RtmpClient>
  /** Accepts nobody any more, asks encoders to connect anew, and waits until all RTMP clients have left, or for `drainMs`. @returns whether they have */
  drain(): Promise<boolean>
  /** Stops everything; resolves when all sockets are closed. */
  close(): Promise<void>
}

/** Where a changed configuration comes from. */
export interface ServerOptions {
  /** Reads the configuration again. @throws {@link ConfigError} that says what is wrong with it. */
  readonly load?: () => Config
  /** What to look at when the configuration says `watch`. @defaultValue nothing */
  readonly file?: string
  /** How often it, and certificates, are looked at, ms. @defaultValue 1000 */
  readonly watchIntervalMs?: number
}

/** An HTTP port that is open. */
interface OpenDoor {
  readonly url: string
  readonly port: number
}

/** What the API works with. */
interface ApiParts {
  readonly statistics: Statistics
  readonly refusals: RecentRefusals
  readonly reloader: Reloader
  readonly vhosts: Vhosts
  readonly log: EventLog
}

/**
 * Starts the server that `config` describes.
 * @throws {@link ConfigError} for a file that cannot be used, and for an address that cannot be listened on.
 */
export async function startServer(
  config: Config,
  log: EventLog,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const demoKey = randomUUID()
  const { cors, trustProxy } = config.http
  const identity = new ServerIdentity(withoutUndefined({ serverId: config.serverId }))
  const vhosts = new Vhosts({ identity, cors, trustProxy, log, demoKey })
  await vhosts.apply(config)
  const { hubs } = vhosts
  const certificates = new Certificates(log, options.watchIntervalMs)
  const reloader = new Reloader({ config, vhosts, certificates, log, load: options.load ?? (() => config) })

  const {
    port: _,
    host: __,
    tls: rtmpFiles,
    proxyProtocol,
    maxConnections,
    stallTimeoutMs,
    ...sessionTimes
  } = config.rtmp
  const rtmpCertificate = rtmpFiles && readCertificate('rtmp', rtmpFiles)
  const rtmp = new RtmpServer({
    hub: hubs.resolve,
    proxyProtocol,
    maxConnections,
    stallTimeoutMs,
    session: sessionTimes,
    onConnect: (request, connection, signal) =>
      connection.info.remoteAddress === DEMO_ADDRESS
        ? { type: 'accept' }
        : vhosts.onConnect(request, connection, signal),
    ...withoutUndefined({ tls: rtmpCertificate }),
  })
  if (rtmpFiles && rtmpCertificate)
    certificates.add('rtmp', rtmpFiles, rtmpCertificate, (next) => rtmp.setSecureContext(next))
  log.watchRtmp(rtmp)

  const live = new LiveHandler({
    hub: hubs.resolve,
    cors,
    trustProxy,
    maxViewers: config.http.maxViewers,
    stallTimeoutMs: config.http.stallTimeoutMs,
  })
  const status = new StatusApi({
    gate: audienceOf(config),
    hubs,
    identity,
    rtmp,
    live,
    hls: () => vhosts.hls(),
    hasPicture: (vhost, streamPath) => vhosts.hasPicture(vhost, streamPath),
    measuresBandwidth: (request) => vhosts.measuresBandwidth(request),
  })
  const refusals = new RecentRefusals()
  for (const [name, hub] of hubs) refusals.watchHub(hub, name)
  hubs.on('open', (name, hub) => void refusals.watchHub(hub, name))
  refusals.watchRtmp(rtmp, (vhost) => hubs.nameOf(vhost))
  const statistics = new Statistics({ hub: () => hubs, rtmp, live, hls: () => vhosts.hls(), identity })
  const api = config.api.enabled
    ? makeApi(config, { statistics, refusals, reloader, vhosts, log })
    : undefined
  const metrics = config.metrics.enabled ? makeMetrics(config, statistics, refusals) : undefined

  const forOperators: HttpHandler[] = [
    ...(api === undefined ? [] : [api]),
    ...(metrics === undefined ? [] : [metrics]),
    ...(config.page.enabled ? [status, { handle: servePage }] : []),
  ]
  const media: HttpHandler[] = [vhosts, live]

  const scheme = config.rtmp.tls === undefined ? 'rtmp' : 'rtmps'
  const doors: HttpServer[] = []
  const removePidFile = writePidFile(config.pidFile)
  const closeDoors = async (): Promise<void> => {
    await rtmp.close()
    hubs.close()
    live.close()
    await Promise.all(doors.map((door) => door.close()))
    await vhosts.close()
    certificates.close()
    removePidFile()
  }
  const openDoor = async (
    section: Exclude<TlsSection, 'rtmp'>,
    handlers: readonly HttpHandler[],
  ): Promise<OpenDoor | undefined> => {
    const address = config[section]
    if (address === undefined || ('enabled' in address && !address.enabled)) return undefined
    const { tls: files } = address
    const certificate = files && readCertificate(section, files)
    const door = new HttpServer({ handlers, tls: certificate })
    door.on('requestError', (error, request) => log.requestFailed(error, request))
    doors.push(door)
    const bound = await listening(door, address)
    if (files && certificate)
      certificates.add(section, files, certificate, (next) => door.setSecureContext(next))
    return { url: urlOf(certificate === undefined ? 'http' : 'https', bound), port: bound.port }
  }
  const everything = [...forOperators, ...media]
  const audience = config.operator === undefined ? everything : media
  let rtmpAddress: AddressInfo
  let http: OpenDoor | undefined
  let https: OpenDoor | undefined
  let operator: OpenDoor | undefined
  try {
    rtmpAddress = await listening(rtmp, config.rtmp)
    http = await openDoor('http', audience)
    https = await openDoor('https', audience)
    operator = (await openDoor('operator', everything)) ?? http ?? https
  } catch (error) {
    statistics.close()
    await closeDoors()
    throw error
  }
  status.door = { scheme, port: rtmpAddress.port }
  const heartbeat =
    config.heartbeat &&
    startHeartbeat(config.heartbeat, statistics, log, {
      rtmp: [rtmpAddress.port],
      http: [http, https].flatMap((door) => door?.port ?? []),
      api: operator === undefined ? [] : [operator.port],
    })
  // What is wrong with the file is in the log.
  const unwatch =
    config.watch && options.file !== undefined
      ? watchConfig(
          options.file,
          () => void reloader.reload().catch(() => undefined),
          options.watchIntervalMs,
        )
      : () => undefined

  return {
    hub: hubs.get(DEFAULT_VHOST)!,
    hubs,
    reload: () => reloader.reload(),
    rtmpUrl: urlOf(scheme, rtmpAddress),
    httpUrl: http?.url,
    httpsUrl: https?.url,
    operatorUrl: operator?.url,
    publishDemo(signal) {
      const [near, far] = duplexPair()
      rtmp.handle(far, { remoteAddress: DEMO_ADDRESS })
      return RtmpClient.publish(`rtmp://localhost/live/${demoKey}`, { stream: near, signal })
    },
    drain() {
      for (const door of doors) door.shut()
      return rtmp.drain(config.drainMs)
    },
    async close() {
      unwatch()
      heartbeat?.close()
      await reloader.close()
      statistics.close()
      await closeDoors()
    },
  }
}

/** @returns removes it. */
function writePidFile(path: string | undefined): () => void {
  if (path === undefined) return () => undefined
  try {
    writeFileSync(path, `${process.pid}\n`)
  } catch (error) {
    throw new ConfigError(`pidFile: ${(error as Error).message}`, { cause: error })
  }
  return () => rmSync(path, { force: true })
}

/** One line when it begins to fail, and one when it is heard again. */
function startHeartbeat(
  { url, ports, ...section }: NonNullable<Config['heartbeat']>,
  statistics: Statistics,
  log: EventLog,
  open: NonNullable<HeartbeatOptions['ports']>,
): Heartbeat {
  const heartbeat = new Heartbeat({
    url,
    statistics,
    ...withoutUndefined(section),
    ...(ports ? { ports: open } : {}),
  })
  let fails = false
  heartbeat.on('failure', ({ message: error }) => {
    if (!fails) log.event('heartbeat-failed', { error }, `heartbeat failed: ${error}`)
    fails = true
  })
  heartbeat.on('recover', () => {
    if (fails) log.event('heartbeat', {}, 'the heartbeat works again')
    fails = false
  })
  return heartbeat
}

function makeApi(
  { api, vhosts: all }: Config,
  { statistics, refusals, reloader, vhosts, log }: ApiParts,
): HttpApi {
  const { authentication, cors, jsonp } = api
  return new HttpApi({
    statistics,
    refusals,
    authentication,
    jsonp,
    reload: () => reloader.reload(),
    services: vhosts.streamServices,
    features: featuresOf(all),
    onAction: ({ operationId: operation, path, remoteAddress: address }) =>
      log.event('api', { operation, path, address }, `api ${operation} from ${address}`),
    ...withoutUndefined({ cors }),
  })
}

/** Who sees what is published. Whoever asks operators for credentials need not tell everybody what the streams are called. */
function audienceOf({ page, api: { authentication } }: Config): HttpGate {
  const audience = page.audience ?? (typeof authentication === 'string' ? 'everybody' : 'operators')
  return new HttpGate(audience === 'operators' ? authentication : 'none')
}

/** Sections that SRS has a feature for. */
const FEATURES: Readonly<Partial<Record<ApiFeature, string>>> = {
  callback: 'callbacks',
  dvr: 'record',
  transcode: 'transcode',
  ingest: 'ingest',
}

/** What any virtual host has. */
function featuresOf(vhosts: Config['vhosts']): Partial<Record<ApiFeature, boolean>> {
  const has = (section: string): boolean =>
    vhosts.some(({ config }) =>
      Object.entries(config).some(([name, value]) => name === section && value !== undefined),
    )
  return Object.fromEntries(Object.entries(FEATURES).map(([feature, section]) => [feature, has(section)]))
}

function makeMetrics({ metrics }: Config, statistics: Statistics, refusals: RecentRefusals): MetricsHandler {
  const { authentication, path, maxStreamLabels, srsNames } = metrics
  return new MetricsHandler({ statistics, refusals, authentication, path, maxStreamLabels, srsNames })
}
