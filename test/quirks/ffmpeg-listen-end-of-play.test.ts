/** FFmpeg as a server (`-listen 1`) ends what it plays like a publisher: FCUnpublish and deleteStream, no status. Bytes of FFmpeg 5.1.9. */
import { expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { command, streamCommand } from '../support/rtmp-bytes.ts'
import { ClientHarness } from '../rtmp/session-harness.ts'

const FC_UNPUBLISH = hex(`
  03 000000 00001e 14 00000000
  02 000b 4643556e7075626c697368                  ; FCUnpublish
  00 3ff0000000000000 05 02 0003 63616d           ; transaction id 1, null, cam
`)
const DELETE_STREAM = hex(`
  43 000000 000022 14                             ; fmt 1
  02 000c 64656c65746553747265616d                ; deleteStream
  00 4000000000000000 05 00 0000000000000000      ; transaction id 2, null, stream 0
`)

test('FCUnpublish from the server is the end of the stream', () => {
  const harness = new ClientHarness({ mode: 'play' })
  harness.push(
    join(hex('03'), new Uint8Array(3072)),
    command('_result', 1, {}, { code: 'NetConnection.Connect.Success' }),
    command('_result', 2, null, 1),
    streamCommand('onStatus', 0, { level: 'status', code: 'NetStream.Play.Start' }),
  )
  expect(harness.push(FC_UNPUBLISH, DELETE_STREAM)).toMatchObject([
    { type: 'stop', code: 'FCUnpublish' },
    { type: 'command', handled: true },
  ])
  expect(harness.session.phase).toBe('ended')
})
