/** FFmpeg builds send a 4-byte "timecode" as a data or command message: 00 and three more bytes, which is no AMF. SRS drops it, too. */
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { message, streamCommand } from '../support/rtmp-bytes.ts'
import { connected } from '../rtmp/session-harness.ts'

test.each([15, 17, 18, 20])('in a message of type %i', (messageTypeId) => {
  const harness = connected()
  harness.push(streamCommand('publish', 5, 'cam', 'live'))
  harness.session.acceptPublish()
  expect(harness.push(message(messageTypeId, hex('00 000001'), { messageStreamId: 1 }))).toEqual([])
  expect(harness.session.phase).toBe('publishing')
  expect(harness.session.ignoredMessageCount).toBe(1)
})
