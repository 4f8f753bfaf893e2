/**
 * Section `access`: who gets in.
 *
 * @module
 */
import { type AddressRule, addressRules, refererRules } from 'millrace/services/admission'
import { z } from 'zod'
import { count, positiveMs, text } from './fields.ts'

/** The library knows what a rule is, and says it better. */
const addressRule = z
  .custom<AddressRule>((value) => typeof value === 'string')
  .meta({ type: 'string' })
  .check((context) => {
    try {
      addressRules([context.value])
    } catch {
      const message = `"${context.value}" is not "allow|deny publish|play|all ADDRESS", ADDRESS being all, an IP address or a network such as 10.0.0.0/8`
      context.issues.push({ code: 'custom', message, input: context.value })
    }
  })

const domain = text.refine((value) => {
  try {
    refererRules({ all: [value] })
    return true
  } catch {
    return false
  }
}, 'must be a domain such as example.com')

const domains = z.array(domain).optional()

const referers = z.strictObject({
  all: domains.describe('Domains whose pages may embed; an empty list is every page'),
  publish: domains.describe('The same for publishers only'),
  play: domains.describe('The same for players only'),
})

const signedUrls = z
  .strictObject({
    secret: z
      .union([text, z.array(text).min(1)], { error: 'must be a secret or a list of secrets' })
      .describe(
        'Shared with the signers; of several, any is accepted, so that one can be replaced. For a section of `vhosts` they sign its name as well (`vhost` of `signUrl`); `nms` cannot',
      ),
    actions: z
      .array(z.enum(['publish', 'play']))
      .default(['publish', 'play'])
      .describe('What needs a signature'),
    scheme: z
      .enum(['millrace', 'nms'])
      .default('millrace')
      .describe('`nms`: the `sign` parameter of Node-Media-Server'),
    bindAddress: z
      .boolean()
      .default(false)
      .describe('A signature is valid for one address, which the signer must name; not with `nms`'),
  })
  .refine(({ scheme, bindAddress }) => !bindAddress || scheme !== 'nms', {
    path: ['bindAddress'],
    error: 'signatures of nms have no address',
  })

const bitrate = z.strictObject({
  maxKbps: z.number().positive().describe('Most that a publisher may send on average, kbit/s of media'),
  windowMs: positiveMs.min(100).default(10_000).describe('Time over which is averaged'),
})

const limits = z.strictObject({
  maxStreams: count.optional().describe('Streams that are published at a time'),
  maxPlayers: count.optional().describe('Players, HLS viewers included'),
  maxPlayersPerStream: count.optional().describe('Players of one stream'),
  maxPlayersPerAddress: count.optional().describe('Players from one address, or one IPv6 /64'),
  maxConnectionsPerAddress: count
    .optional()
    .describe('RTMP connections and HTTP players from one address, or one IPv6 /64'),
  maxIdleMs: positiveMs
    .optional()
    .describe(
      'How long a publisher may stay without players and HLS viewers; recordings and forwards do not count. Then it is disconnected',
    ),
  bitrate: bitrate.optional().describe('A publisher above it is ended'),
})

/** Who gets in. */
export const accessSection = z
  .strictObject({
    addresses: z
      .array(addressRule)
      .optional()
      .describe(
        'Who may publish and play by address, the first rule that matches: `allow` or `deny`, then `publish`, `play` or `all`, then `all`, an address or a network',
      ),
    addressOrder: z
      .enum(['in-order', 'srs'])
      .default('in-order')
      .describe('`srs` reads the rules as SRS reads its `security` section'),
    referers: referers.optional().describe('Which pages may embed'),
    signedUrls: signedUrls.optional().describe('URLs that let their bearer in until they expire'),
    limits: limits.optional().describe('Bounds by virtual host, each unlimited by default'),
  })
  .describe('Who gets in; see [Decide who may publish and play](../guides/admission.md)')
  .meta({ reload: 'Admitted clients stay; the new rules apply to new requests' })
