/** HaishinKit before November 2019 sends `@setDataFrame` as a command (type 20) in place of data (type 18). */
import { expect, test } from 'vitest'
import { amf0, ecmaArray, message, streamCommand } from '../support/rtmp-bytes.ts'
import { connected } from '../rtmp/session-harness.ts'

test('metadata in a command message is metadata', () => {
  const harness = connected()
  harness.push(streamCommand('publish', 5, 'cam', 'live'))
  harness.session.acceptPublish()
  const metadata = [ecmaArray({ width: 1280, height: 720 })]
  const body = amf0('@setDataFrame', 'onMetaData', ...metadata)
  expect(harness.push(message(20, body, { messageStreamId: 1 }))).toMatchObject([
    { type: 'media', packet: { kind: 'data', configuration: true, body: amf0('onMetaData', ...metadata) } },
  ])
})
