/**
 * GStreamer's rtmp2sink numbers `connect` 1 and `createStream` 2, and everything else 0: releaseStream, FCPublish, publish. It
 * ends with `deleteStream` of the stream's name in place of its id. Bytes of GStreamer 1.22.
 */
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { connected } from '../rtmp/session-harness.ts'

const RELEASE_STREAM = hex(`
  43 000000 000020 14                             ; fmt 1, csid 3, 32 bytes, command
  02 000d 72656c6561736553747265616d              ; releaseStream
  00 0000000000000000                             ; transaction id 0
  05 02 0003 63616d                               ; null, cam
`)
const CREATE_STREAM = hex(`
  43 000000 000019 14
  02 000c 63726561746553747265616d                ; createStream
  00 4000000000000000 05                          ; transaction id 2, null
`)
const PUBLISH = hex(`
  03 000000 000021 14 01000000                    ; fmt 0, message stream 1
  02 0007 7075626c697368                          ; publish
  00 0000000000000000 05                          ; transaction id 0, null
  02 0003 63616d 02 0004 6c697665                 ; cam, live
`)
const DELETE_STREAM = hex(`
  43 000000 00001f 14
  02 000c 64656c65746553747265616d                ; deleteStream
  00 0000000000000000 05 02 0003 63616d           ; transaction id 0, null, cam
`)

test('a publish whose commands have transaction id 0', () => {
  const harness = connected()
  const events = harness.push(RELEASE_STREAM, CREATE_STREAM, PUBLISH)
  expect(events.map((event) => event.type)).toEqual(['command', 'command', 'publish'])
  harness.session.acceptPublish()
  expect(harness.output()).toEqual([
    '_result 0 undefined',
    '_result 2 1',
    'onFCPublish 0 NetStream.Publish.Start',
    'onStatus 0 NetStream.Publish.Start',
  ])
})

test('deleteStream with a name ends it', () => {
  const harness = connected()
  harness.push(CREATE_STREAM, PUBLISH)
  harness.session.acceptPublish()
  expect(harness.push(DELETE_STREAM)).toEqual([{ type: 'unpublish' }])
})
