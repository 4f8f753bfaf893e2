/**
 * The shape of the configuration file.
 *
 * @module
 */
import {
  type AddressRule,
  addressRules,
  DEFAULT_VHOST,
  VhostHubs,
  type VhostSettings,
} from 'millrace/services'
import { z } from 'zod'

const port = z.number().int().min(0).max(65_535)
const ms = z.number().int().nonnegative()
const positiveMs = z.number().int().positive()
const count = z.number().int().positive()
const text = z.string().min(1)

const tls = z.strictObject({
  /** PEM file with the certificate chain. */
  cert: z.string(),
  /** PEM file with the private key. */
  key: z.string(),
})

const token = z.strictObject({ token: z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII') })

const password = z.strictObject({
  username: z.string().regex(/^[^:]*$/, 'must have no colon'),
  password: text,
})

/** Who is let in. */
const authentication = z
  .union([z.enum(['loopback', 'none']), token, password, z.array(z.union([token, password])).min(1)], {
    error: 'must be loopback, none, { token }, { username, password } or a list of these two',
  })
  .default('loopback')

const hub = z.strictObject({
  graceMs: ms.optional(),
  publisherWaitMs: ms.optional(),
  secondPublisher: z.enum(['refuse', 'take-over']).optional(),
  start: z.enum(['gop', 'keyframe']).optional(),
  gops: count.optional(),
  maxLagMs: ms.optional(),
  minFlushIntervalMs: ms.optional(),
  maxCacheMs: ms.optional(),
  atc: z.boolean().optional(),
})

const hlsMode = z.enum(['off', 'on-demand', 'always'])

const hls = z.strictObject({
  mode: hlsMode.optional(),
  targetDurationMs: positiveMs.optional(),
  windowMs: positiveMs.optional(),
  directory: text.optional(),
})

/** Each secret key is published under a public stream path. */
const publishKeys = z.array(
  z.strictObject({
    key: text,
    stream: z.string().regex(/^\/[^/]+(\/[^/]+)+$/, 'must look like /app/name'),
  }),
)

/** The library knows what a rule is, and says it better. */
const addressRule = z
  .custom<AddressRule>((value) => typeof value === 'string')
  .check((context) => {
    try {
      addressRules([context.value])
    } catch {
      const message = `"${context.value}" is not "allow|deny publish|play|all ADDRESS", ADDRESS being all, an IP address or a network such as 10.0.0.0/8`
      context.issues.push({ code: 'custom', message, input: context.value })
    }
  })

const domains = z.array(text).optional()

/** Who gets in. */
const access = z.strictObject({
  addresses: z.array(addressRule).optional(),
  addressOrder: z.enum(['in-order', 'srs']).optional(),
  referers: z.strictObject({ all: domains, publish: domains, play: domains }).optional(),
  signedUrls: z
    .strictObject({
      secret: z.union([text, z.array(text).min(1)]),
      actions: z.array(z.enum(['publish', 'play'])).optional(),
      bindAddress: z.boolean().optional(),
    })
    .optional(),
  limits: z
    .strictObject({
      maxStreams: count.optional(),
      maxPlayers: count.optional(),
      maxPlayersPerStream: count.optional(),
      maxPlayersPerAddress: count.optional(),
      maxConnectionsPerAddress: count.optional(),
    })
    .optional(),
})

const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })
const urls = z.union([url, z.array(url)]).optional()

const callbacks = z.strictObject({
  urls: z.strictObject({
    on_connect: urls,
    on_close: urls,
    on_publish: urls,
    on_unpublish: urls,
    on_play: urls,
    on_stop: urls,
    on_hls: urls,
    on_hls_notify: urls,
  }),
  secret: text.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  whenUnavailable: z.enum(['reject', 'allow']).optional(),
  decisionTimeoutMs: count.optional(),
  newsTimeoutMs: count.optional(),
  maxAttempts: count.optional(),
  retryDelayMs: count.optional(),
  hlsUrlPrefix: z.string().optional(),
})

/** What a virtual host has of its own; what it leaves out, it has from the sections of the server. */
const vhost = z.strictObject({
  aliases: z.array(text).optional(),
  hub: hub.optional(),
  hls: hls.optional(),
  publishKeys: publishKeys.optional(),
  access: access.optional(),
  callbacks: callbacks.optional(),
})

/** Names and aliases of virtual hosts; the library knows what is wrong with them. */
const vhosts = z.record(text, vhost).superRefine((named, context) => {
  const all = new VhostHubs()
  const taken: [string, VhostSettings][] = [[DEFAULT_VHOST, {}]]
  for (const [name, { aliases = [] }] of Object.entries(named)) {
    try {
      taken.push([name, { aliases }])
      all.apply(taken)
    } catch (error) {
      taken.pop()
      context.addIssue({ code: 'custom', path: [name], message: (error as Error).message })
    }
  }
})

/** What the virtual host of all others has, and what is not said of the named ones. */
const vhostSections = {
  hub: hub.prefault({}),
  hls: hls.extend({ mode: hlsMode.default('on-demand') }).prefault({}),
  /** When given, only these may publish. */
  publishKeys: publishKeys.optional(),
  access: access.prefault({}),
  callbacks: callbacks.optional(),
}

/** The file's shape. Every section and key may be left out. */
export const configSchema = z.strictObject({
  /** Name of this server in callbacks and the API; ids of streams follow from it. */
  serverId: text.optional(),
  rtmp: z
    .strictObject({
      port: port.default(1935),
      host: z.string().optional(),
      tls: tls.optional(),
      proxyProtocol: z.boolean().default(false),
      maxConnections: count.default(20_000),
    })
    .prefault({}),
  http: z
    .strictObject({
      port: port.default(8080),
      host: z.string().optional(),
      tls: tls.optional(),
      trustProxy: z.union([z.boolean(), count]).default(false),
      cors: z.union([z.string(), z.literal(false)]).default('*'),
    })
    .prefault({}),
  api: z
    .strictObject({
      enabled: z.boolean().default(true),
      authentication,
      cors: z.union([text, z.literal(false)]).optional(),
      jsonp: z.boolean().optional(),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      enabled: z.boolean().default(true),
      authentication,
      path: z.string().startsWith('/').optional(),
      maxStreamLabels: z.number().int().nonnegative().optional(),
      srsNames: z.boolean().optional(),
    })
    .prefault({}),
  ...vhostSections,
  /** Virtual hosts by name. */
  vhosts: vhosts.optional(),
  /** Read the file again whenever it changes. */
  watch: z.boolean().default(false),
  /** Lines for people, or JSON for programs. */
  logFormat: z.enum(['text', 'json']).default('text'),
  /** Where the process id is written. */
  pidFile: text.optional(),
  /** How long a graceful end waits for RTMP clients to leave. */
  drainMs: ms.default(10_000),
})

/** A checked configuration. */
export type Config = z.output<typeof configSchema>

/** All settings of one virtual host. */
export type VhostConfig = Pick<Config, keyof typeof vhostSections>
