/**
 * What the options of an {@link Ingester} may be.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, Hub, systemClock } from '../../hub/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import { streamPath } from '../stream-path.schema.ts'
import { encodingShape, hasMedia } from './encoding.schema.ts'
import type { Ingest, IngesterOptions } from './ingester-options.ts'
import { restartShape } from './restart-options.ts'

/** Protocols that lead to other machines, and none to files of this one. */
const SCHEME = /^(rtsps?|rtmps?|https?|srt|udp|rtp|tcp):\/\//

const ingest = z
  .strictObject({
    name: z.string().regex(/^[\w-]+$/, 'letters, digits, _ and -'),
    streamPath,
    file: z.string().min(1).optional(),
    url: z
      .string()
      .regex(SCHEME, 'begins with rtsp://, rtmp://, http://, https://, srt://, udp://, rtp:// or tcp://')
      .optional(),
    loop: z.boolean().default(true),
    realTime: z.boolean().optional(),
    rtspTransport: z.enum(['tcp', 'udp']).default('tcp'),
    gopMs: z.number().min(100).max(60_000).default(2_000),
    stallMs: z.number().positive().default(30_000),
    ...encodingShape,
  })
  .refine(hasMedia, 'has neither video nor audio')
  .refine(
    ({ file, url }) => (file === undefined) !== (url === undefined),
    'needs a file or a url, and not both',
  ) satisfies OptionsSchema<Ingest, unknown>

/** Options with their defaults. */
export const ingesterOptions = z.strictObject({
  hub: z.instanceof(Hub),
  ingests: z
    .array(ingest)
    .readonly()
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'two have one name')
    .refine(
      (list) => new Set(list.map(({ streamPath }) => streamPath)).size === list.length,
      'two have one stream',
    ),
  ffmpeg: z.string().min(1).default('ffmpeg'),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
  ...restartShape,
  maxRestarts: z.union([z.int().nonnegative(), z.literal(Infinity)]).default(Infinity),
}) satisfies OptionsSchema<IngesterOptions, unknown>

/** One of them with its defaults. */
export type ResolvedIngest = z.output<typeof ingest>
