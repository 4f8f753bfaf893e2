import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { C0C1C2, command, media, message, streamCommand, u32 } from '../support/rtmp-bytes.ts'
import { connected, HELLO, ServerHarness } from './session-harness.ts'

const AUDIO = media(8, 0, hex('af 01 00'))
const PONG = message(4, hex('0007 00000000'), { chunkStreamId: 2 })

function publishing(options: ConstructorParameters<typeof ServerHarness>[0] = {}): ServerHarness {
  const harness = connected(options)
  harness.push(streamCommand('publish', 5, 'cam', 'live'))
  harness.session.acceptPublish()
  harness.output()
  return harness
}

function playing(options: ConstructorParameters<typeof ServerHarness>[0] = {}): ServerHarness {
  const harness = connected(options)
  harness.push(streamCommand('play', 5, 'cam'))
  harness.session.acceptPlay()
  harness.output()
  return harness
}

describe('handshake', () => {
  test('defect: a connection that says nothing is closed', () => {
    const harness = new ServerHarness()
    expect(harness.session.nextTimeoutMs).toBe(harness.nowMs + 10_000)
    expect(harness.sleep(9999)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([{ type: 'close', code: 'ERR_RTMP_HANDSHAKE_TIMEOUT' }])
  })

  test('bytes that trickle in do not prolong it', () => {
    const harness = new ServerHarness({ handshakeTimeoutMs: 1000 })
    for (let i = 0; i < 9; i++) {
      harness.push(C0C1C2.subarray(i * 10, i * 10 + 10))
      expect(harness.sleep(100)).toEqual([])
    }
    expect(harness.sleep(100)).toMatchObject([{ type: 'close', code: 'ERR_RTMP_HANDSHAKE_TIMEOUT' }])
  })

  test('0 switches it off', () => {
    expect(new ServerHarness({ handshakeTimeoutMs: 0 }).session.nextTimeoutMs).toBeUndefined()
  })
})

describe('commands', () => {
  test('connect is to come within commandTimeoutMs', () => {
    const harness = new ServerHarness()
    harness.push(C0C1C2)
    expect(harness.sleep(29_999)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([{ type: 'close', code: 'ERR_RTMP_COMMAND_TIMEOUT' }])
  })

  test('publish or play, too, counted from the decision', () => {
    const harness = new ServerHarness({ pingIntervalMs: 0 })
    harness.push(HELLO)
    harness.sleep(120_000) // the owner thinks
    harness.session.acceptConnect()
    expect(harness.sleep(20_000)).toEqual([])
    harness.push(command('createStream', 2, null)) // no step of its own
    expect(harness.sleep(9_999)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([{ type: 'close', code: 'ERR_RTMP_COMMAND_TIMEOUT' }])
  })

  test('after a publish there is republishTimeoutMs for the next', () => {
    const harness = publishing({ pingIntervalMs: 0 })
    harness.push(command('FCUnpublish', 6, null))
    expect(harness.sleep(179_999)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([{ type: 'close', code: 'ERR_RTMP_COMMAND_TIMEOUT' }])
  })

  test('after endPlay as well', () => {
    const harness = playing({ pingIntervalMs: 0, republishTimeoutMs: 500 })
    harness.session.endPlay()
    expect(harness.sleep(499)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([{ type: 'close', code: 'ERR_RTMP_COMMAND_TIMEOUT' }])
  })
})

describe('publishers', () => {
  test('the first media is to come within firstMediaTimeoutMs', () => {
    const harness = publishing()
    expect(harness.sleep(19_999)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([
      { type: 'unpublish' },
      { type: 'close', code: 'ERR_RTMP_MEDIA_TIMEOUT' },
    ])
  })

  test('defect: one that stops sending does not hold its stream for ever', () => {
    const harness = publishing()
    for (let i = 0; i < 10; i++) {
      expect(harness.push(AUDIO)).toHaveLength(1)
      expect(harness.sleep(4999)).toEqual([])
    }
    harness.push(PONG) // life, but no media
    expect(harness.sleep(1)).toMatchObject([
      { type: 'unpublish' },
      { type: 'close', code: 'ERR_RTMP_MEDIA_TIMEOUT', reason: 'no media within 5000 ms' },
    ])
  })

  test('0 switches it off', () => {
    const harness = publishing({ mediaTimeoutMs: 0, pingIntervalMs: 0 })
    harness.push(AUDIO)
    expect(harness.session.nextTimeoutMs).toBeUndefined()
  })
})

describe('pings', () => {
  test('defect: a silent player is pinged, and a ping of the client is answered', () => {
    const harness = playing()
    expect(harness.sleep(20_000)).toEqual([])
    expect(harness.output()).toEqual([`pingRequest ${harness.nowMs}`])
    harness.push(message(4, join(hex('0006'), u32(0xffff_fff0)), { chunkStreamId: 2 }))
    expect(harness.output()).toEqual(['pingResponse 4294967280'])
  })

  test('a client that answers pings and then stops to is closed', () => {
    const harness = playing()
    harness.sleep(20_000)
    harness.push(PONG)
    harness.output()
    expect(harness.sleep(20_000)).toEqual([])
    expect(harness.output()).toHaveLength(1)
    expect(harness.sleep(19_999)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([
      { type: 'stop' },
      { type: 'close', code: 'ERR_RTMP_PING_TIMEOUT' },
    ])
  })

  test('one that never answers is pinged on and left alone: OBS reads nothing while it publishes', () => {
    const harness = playing()
    expect(harness.sleep(200_000)).toEqual([])
    expect(harness.output()).toHaveLength(10)
  })

  test('anything from the client counts as life', () => {
    const harness = playing()
    harness.sleep(20_000)
    harness.push(PONG)
    for (let i = 0; i < 10; i++) {
      harness.sleep(19_000)
      harness.push(streamCommand('receiveAudio', 0, true))
    }
    harness.output()
    expect(harness.session.phase).toBe('playing')
  })

  test('pingTimeoutMs 0: never closed for it', () => {
    const harness = playing({ pingTimeoutMs: 0 })
    harness.sleep(20_000)
    harness.push(PONG)
    expect(harness.sleep(200_000)).toEqual([])
  })

  test('the timestamp of a ping is the low 32 bits of the clock', () => {
    const harness = playing({ nowMs: 2 ** 32 - 100 })
    harness.sleep(20_000)
    expect(harness.output()).toEqual(['pingRequest 19900'])
  })
})

test('a call before its time does nothing, and the clock may be fractional', () => {
  const harness = playing({ nowMs: 1000.25 })
  harness.session.handleTimeout(1001.75)
  expect(harness.output()).toEqual([])
  expect(harness.session.nextTimeoutMs).toBe(21_000.25)
})
