/**
 * Flash Player and hardware encoders (GLive T80) send user control events beyond RTMP 1.0: 0x1A with one byte, 31 and 32 for their
 * buffer, and known ones whose data is short.
 */
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { command, message } from '../support/rtmp-bytes.ts'
import { connected } from '../rtmp/session-harness.ts'

test.each(['001a 01', '001f 00000001', '0020 00000001', '0003 0001', '0006', 'ffff'])(
  'event %s changes nothing',
  (text) => {
    const harness = connected()
    const events = harness.push(message(4, hex(text), { chunkStreamId: 2 }), command('createStream', 2, null))
    expect(events).toMatchObject([
      { type: 'unknown', message: { type: 'userControl', event: { type: 'unknown' } } },
      { type: 'command' },
    ])
    expect(harness.output()).toEqual(['_result 2 1'])
  },
)
