/** Hardware encoders write `tcurl`, put quotes around the URL, leave it out, or send the connect object as an ECMA array. */
import { RtmpServerSession } from 'millrace/rtmp'
import { expect, test } from 'vitest'
import { join } from '../support/bytes.ts'
import { testCrypto } from '../support/handshake-crypto.ts'
import { C0C1C2, command, ecmaArray, type Amf0Literal } from '../support/rtmp-bytes.ts'

test.each<[string, Amf0Literal, string]>([
  ['lower case', { app: 'live', tcurl: 'rtmp://host/live' }, 'rtmp://host/live'],
  ['in single quotes', { app: 'live', tcUrl: "'rtmp://host/live'" }, 'rtmp://host/live'],
  ['in double quotes', { app: 'live', tcUrl: '"rtmp://host/live"' }, 'rtmp://host/live'],
  ['in an ECMA array', ecmaArray({ app: 'live', tcUrl: 'rtmp://host/live' }), 'rtmp://host/live'],
  ['missing', { app: 'live' }, ''],
])('tcUrl %s', (_, object, tcUrl) => {
  const session = new RtmpServerSession({ crypto: testCrypto(), nowMs: 0 })
  session.push(join(C0C1C2, command('connect', 1, object)), 0)
  expect(session.readEvent()).toMatchObject({ type: 'connect', request: { app: 'live', tcUrl } })
  expect(session.acceptConnect()).toBe(true)
})
