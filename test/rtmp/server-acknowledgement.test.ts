import { describe, expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'
import { command, media, message, streamCommand, u32 } from '../support/rtmp-bytes.ts'
import { connected, HELLO, ServerHarness } from './session-harness.ts'

const WINDOW_1000 = message(5, u32(1000), { chunkStreamId: 2 })

function publishing(): ServerHarness {
  const harness = connected()
  harness.push(WINDOW_1000, streamCommand('publish', 5, 'cam', 'live'))
  harness.session.acceptPublish()
  harness.output()
  return harness
}

describe('what the client sent', () => {
  test('defect: is acknowledged within its window', () => {
    const harness = publishing()
    const video = media(9, 0, new Uint8Array(100))
    const sequenceNumbers: number[] = []
    for (let i = 0; i < 20; i++) {
      harness.push(video)
      for (const sent of harness.messages()) {
        if (sent.type === 'acknowledgement') sequenceNumbers.push(sent.sequenceNumber)
      }
    }
    expect(sequenceNumbers.at(-1)).toBeGreaterThan(harness.session.receivedBytes - 1000)
    expect(sequenceNumbers.length).toBeGreaterThanOrEqual(3)
    expect(sequenceNumbers.every((number, i) => i === 0 || number - sequenceNumbers[i - 1]! < 1000)).toBe(
      true,
    )
  })

  test('is acknowledged by our own window till the client names one', () => {
    const harness = connected({ windowAcknowledgementSize: 10_000 })
    harness.push(streamCommand('publish', 5, 'cam', 'live'))
    harness.session.acceptPublish()
    harness.output()
    harness.push(media(9, 0, new Uint8Array(5000)))
    expect(harness.output()).toEqual([`acknowledgement ${harness.session.receivedBytes}`])
  })

  test('one acknowledgement a push, however small the window', () => {
    const harness = connected()
    harness.push(message(5, u32(1), { chunkStreamId: 2 }))
    harness.output()
    harness.push(media(9, 0, new Uint8Array(5000)))
    expect(harness.output()).toHaveLength(1)
  })

  test('nothing is acknowledged before connect is accepted', () => {
    const harness = new ServerHarness({ windowAcknowledgementSize: 100 })
    harness.push(HELLO)
    expect(harness.output()).toEqual([])
  })
})

describe('what we sent', () => {
  test('output and shared batches count, and acknowledgements of the client are told', () => {
    const harness = connected()
    const before = harness.session.sentBytes
    harness.session.countSent(1_000_000)
    expect(harness.session.sentBytes).toBe(before + 1_000_000)
    expect(harness.push(message(3, u32(before + 400_000), { chunkStreamId: 2 }))).toEqual([
      { type: 'acknowledgement', sequenceNumber: before + 400_000, unacknowledgedBytes: 600_000 },
    ])
    expect(harness.session.unacknowledgedBytes).toBe(600_000)
  })

  test('a client that never acknowledges is served on', () => {
    const harness = connected()
    harness.push(streamCommand('play', 2, 'cam'))
    harness.session.acceptPlay()
    harness.session.countSent(2 ** 34)
    harness.sleep(100_000)
    expect(harness.session.phase).toBe('playing')
    expect(harness.session.unacknowledgedBytes).toBeGreaterThan(2 ** 34)
  })

  test('the count goes on beyond 2^32', () => {
    const harness = connected()
    harness.session.countSent(2 ** 32)
    const behind = 500
    const sequenceNumber = (harness.session.sentBytes - behind) % 2 ** 32
    expect(harness.push(message(3, u32(sequenceNumber), { chunkStreamId: 2 }))).toMatchObject([
      { unacknowledgedBytes: behind },
    ])
  })
})

test('Set Peer Bandwidth and Abort of the client change nothing', () => {
  const harness = connected()
  expect(
    harness.push(
      message(6, hex('00001000 02'), { chunkStreamId: 2 }),
      message(2, u32(6), { chunkStreamId: 2 }),
      command('createStream', 2, null),
    ),
  ).toHaveLength(1)
})
