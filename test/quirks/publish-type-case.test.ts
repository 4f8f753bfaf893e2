/** Encoders write the publish type in any case: `LIVE`, `Live`. */
import { expect, test } from 'vitest'
import { streamCommand } from '../support/rtmp-bytes.ts'
import { connected } from '../rtmp/session-harness.ts'

test.each(['LIVE', 'Live', 'live'])('%s', (given) => {
  expect(connected().push(streamCommand('publish', 5, 'cam', given))).toMatchObject([
    { type: 'publish', publishType: 'live' },
  ])
})
