/**
 * Answers about virtual hosts, streams and clients. Names are those of SRS as far as it has them.
 *
 * @module
 */
import { z } from 'zod'

const integer = z.int()

/** Bitrates over the last half minute. */
export const kbps = z.object({
  recv_30s: integer.describe('From publishers, kbit/s over the last 20 to 30 s'),
  send_30s: integer.describe('To players, kbit/s'),
})

/** A virtual host. */
export const vhost = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  clients: integer.describe('Publishers, players and HLS viewers'),
  streams: integer,
  send_bytes: integer.describe('Framed media to players since the start'),
  recv_bytes: integer.describe('Media from publishers since the start'),
  kbps,
  hls: z.object({ enabled: z.boolean() }),
})

/** Video of a stream. */
export const video = z.object({
  codec: z.string().describe('H264, HEVC, AV1, VP9 …; the FourCC if there is no name'),
  profile: z.string().nullable(),
  level: z.string().nullable(),
  width: integer.nullable(),
  height: integer.nullable(),
  frame_rate: z.number().nullable().describe('As the configuration says it'),
  codec_string: z.string().describe('RFC 6381'),
})

/** Audio of a stream. */
export const audio = z.object({
  codec: z.string().describe('AAC, MP3, Opus …; the FourCC if there is no name'),
  sample_rate: integer.nullable().describe('Hz'),
  channel: integer.nullable().describe('Channels'),
  profile: z.string().nullable(),
  codec_string: z.string().describe('RFC 6381'),
})

/** A reader inside of the process: the packager of HLS, a recorder, a relay. */
export const consumer = z.object({
  read_packets: integer,
  lag_ms: z.number(),
  skips: integer,
  skipped_packets: integer,
})

/** A stream. */
export const stream = z.object({
  id: z.string().describe('Stays the same when the stream is published again'),
  name: z.string(),
  vhost: z.string().describe('Id of its virtual host'),
  app: z.string(),
  tcUrl: z.string().describe('Without query, which may be a secret'),
  url: z.string().describe('/app/name; behind the name of the virtual host unless that is the default'),
  live_ms: integer.describe('Unix time of the answer in ms'),
  clients: integer.describe('Publisher, players and HLS viewers'),
  frames: integer.describe('Video frames from its publishers'),
  send_bytes: integer,
  recv_bytes: integer,
  kbps,
  publish: z.object({
    active: z.boolean(),
    cid: z.string().describe('Client id of the publisher; empty without one'),
  }),
  video: video.nullable(),
  audio: audio.nullable(),
  uptime_ms: integer.describe('Since the present publisher came; 0 without one'),
  players: integer.describe('Players over a connection'),
  viewers: integer.describe('HLS viewers'),
  skips: integer.describe('Times that a player fell behind and skipped to a keyframe'),
  skipped_packets: integer,
  cached_bytes: integer.describe('Packets in the log'),
  cached_ms: z.number(),
  clock_jumps: integer.describe("Jumps of publishers' clocks that were closed"),
  consumers: z.array(consumer),
})

/** A publisher, player or HLS viewer. */
export const client = z.object({
  id: z.string(),
  vhost: z.string().describe('Id of its virtual host'),
  stream: z.string().describe('Id of its stream'),
  ip: z.string(),
  pageUrl: z.string().describe('Without query'),
  swfUrl: z.string(),
  tcUrl: z.string().describe('Without query, which may be a secret'),
  url: z.string(),
  name: z.string().describe('Name of its stream: not the secret key that it may have come with'),
  type: z
    .string()
    .describe('rtmp-play, flv-play, hls-play, fmle-publish as in SRS; others by their protocol'),
  publish: z.boolean(),
  alive: z.number().describe('Seconds since it publishes or plays'),
  send_bytes: integer,
  recv_bytes: integer,
  kbps,
  protocol: z
    .string()
    .describe('rtmp, http-flv, websocket-flv, http-ts, hls; internal for the application itself'),
  secure: z.boolean(),
  agent: z.string().describe('flashVer or User-Agent'),
  state: z
    .enum(['waiting', 'playing', 'paused', 'closed'])
    .nullable()
    .describe('What a player does; null for all others, as the fields below'),
  lag_ms: z.number().nullable().describe('How far it is behind the newest packet'),
  skips: integer.nullable().describe('Times that it fell behind and skipped to a keyframe'),
  skipped_packets: integer.nullable(),
  skipped_ms: z.number().nullable(),
  queued_bytes: integer.nullable().describe('Given to it and not yet taken'),
})

/** One who was refused. */
export const refusal = z.object({
  last_ms: integer.describe('Unix time of the last time, ms'),
  first_ms: integer.describe('Unix time of the first time, ms'),
  times: integer.describe('How often: repeated refusals of the same kind are one entry'),
  action: z.enum(['connect', 'publish', 'play']),
  protocol: z.string(),
  vhost: z.string().describe('Name of the virtual host'),
  app: z.string(),
  url: z
    .string()
    .describe('/app/name of what it wanted to play; empty for a publisher, whose name may be a secret key'),
  ip: z.string(),
  client: z.string().describe('Its id in callbacks and logs, the last time; empty if there is none'),
  agent: z.string().describe('flashVer or User-Agent'),
  pageUrl: z.string().describe('Without query'),
  reason: z.string().describe('In the words that it was given'),
})

/** What a service tells of itself. */
const facts = z.record(z.string(), z.unknown())

/** A service. */
export const service = z.object({
  name: z.string(),
  description: z.string(),
  on_stream: z.boolean().describe('Whether it is started and stopped on streams'),
})

/** A service with what it does. */
export const listedService = service.extend({
  items: z.array(facts).describe('What it does now and did lately; the members are up to the service'),
})

/** A service and whether it runs on one stream. */
export const streamService = service.extend({
  running: z.boolean(),
  status: facts.nullable().describe('How it goes; the members are up to the service'),
})
