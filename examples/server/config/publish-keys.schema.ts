/**
 * Section `publishKeys`.
 *
 * @module
 */
import { z } from 'zod'
import { distinct, streamPath, text } from './fields.ts'

/** Secret stream keys. */
export const publishKeysSection = z
  .array(
    z.strictObject({
      key: text.describe('The stream key that the encoder is given'),
      stream: streamPath.describe('Public stream path that it is published under'),
    }),
  )
  .check(distinct('key', 'stands here twice'))
  .describe('If given, only these keys may publish, each under its public stream path')
  .meta({ reload: 'Admitted clients stay; the new rules apply to new requests' })
