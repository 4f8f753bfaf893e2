import { describe, expect, test } from 'vitest'
import { toHex, hex, join } from '../support/bytes.ts'
import { amf0, C0C1C2, command, media, message, streamCommand, u32 } from '../support/rtmp-bytes.ts'
import { connected, ServerHarness } from './session-harness.ts'

/** A session that plays; the output so far is dropped. */
function playing(): ServerHarness {
  const harness = connected()
  harness.push(command('createStream', 2, null), streamCommand('play', 3, 'cam'))
  harness.session.acceptPlay()
  harness.output()
  return harness
}

describe('play', () => {
  test('nothing is announced before the decision; then everything in the order of SRS, byte for byte', () => {
    const harness = connected()
    harness.push(command('createStream', 2, null))
    harness.output()
    expect(harness.push(streamCommand('play', 0, 'cam', -2, -1, true))).toMatchObject([
      { type: 'play', streamName: 'cam', start: -2, duration: -1, reset: true },
    ])
    expect(harness.session.takeOutput()).toEqual([])
    harness.session.acceptPlay()
    const status = (code: string, description: string): Uint8Array =>
      message(
        20,
        amf0('onStatus', 0, null, {
          level: 'status',
          code,
          description,
          details: 'cam',
          clientid: 'millrace',
        }),
        { chunkStreamId: 5, messageStreamId: 1, chunkSize: 65_536 },
      )
    expect(toHex(join(...harness.session.takeOutput()))).toBe(
      toHex(
        join(
          hex('02 000000 000006 04 00000000 0000 00000001'), // StreamBegin of stream 1
          status('NetStream.Play.Reset', 'Playing and resetting stream.'),
          status('NetStream.Play.Start', 'Started playing stream.'),
          message(18, amf0('|RtmpSampleAccess', true, true), { chunkStreamId: 5, messageStreamId: 1 }),
        ),
      ),
    )
    expect(harness.session.phase).toBe('playing')
  })

  test('without createStream', () => {
    expect(connected().push(streamCommand('play', 2, 'cam'))).toMatchObject([
      { type: 'play', streamName: 'cam' },
    ])
  })

  test('a name with a query, a reset that is a number, a start in s', () => {
    const [event] = connected().push(streamCommand('play', 2, 'cam?token=a', 10, 5, 0))
    expect(event).toMatchObject({ streamName: 'cam?token=a', start: 10, duration: 5, reset: false })
  })

  test('defect: play without a name is an event and no crash', () => {
    for (const args of [[], [null], [7]]) {
      expect(connected().push(streamCommand('play', 2, ...args))).toMatchObject([
        { type: 'play', streamName: '' },
      ])
    }
  })

  test('play2 with its options object', () => {
    const [event] = connected().push(
      streamCommand('play2', 0, { streamName: 'cam-low', start: -1, len: 20, transition: 'switch' }),
    )
    expect(event).toMatchObject({ type: 'play', streamName: 'cam-low', start: -1, duration: 20, reset: true })
  })

  test('play2 while playing ends the one and asks for the other', () => {
    expect(playing().push(streamCommand('play2', 0, { streamName: 'cam-low' }))).toMatchObject([
      { type: 'stop' },
      { type: 'play', streamName: 'cam-low' },
    ])
  })

  test('rejected: failed, and not found', () => {
    const harness = connected()
    harness.push(streamCommand('play', 2, 'cam'))
    expect(harness.session.rejectPlay('not for you')).toBe(true)
    expect(harness.messages()).toMatchObject([
      { args: [{ level: 'error', code: 'NetStream.Play.Failed', description: 'not for you' }] },
    ])
    expect(harness.events()).toMatchObject([{ type: 'close', code: 'rejected' }])
    const other = connected()
    other.push(streamCommand('play', 2, 'cam'))
    other.session.rejectPlay('nobody publishes it', { code: 'NetStream.Play.StreamNotFound' })
    expect(other.output()).toEqual(['onStatus 0 NetStream.Play.StreamNotFound'])
  })

  test('redirected as SRS does it', () => {
    const harness = connected()
    harness.push(streamCommand('play', 2, 'cam'))
    const redirect = { tcUrl: 'rtmp://origin/live', url: 'rtmp://origin/live/cam' }
    harness.session.rejectPlay('RTMP 302 Redirect', { redirect })
    expect(harness.messages()).toMatchObject([
      {
        messageStreamId: 0,
        args: [
          {
            level: 'error',
            code: 'NetConnection.Connect.Rejected',
            ex: { code: 302, redirect: 'rtmp://origin/live', redirect2: 'rtmp://origin/live/cam' },
          },
        ],
      },
    ])
  })
})

describe('while playing', () => {
  test('defect: pause and resume are told and answered', () => {
    const harness = playing()
    expect(harness.push(streamCommand('pause', 4, true, 1500))).toEqual([
      { type: 'pause', paused: true, positionMs: 1500 },
    ])
    expect(harness.output()).toEqual(['onStatus 0 NetStream.Pause.Notify', 'streamEof 1'])
    expect(harness.push(streamCommand('pauseRaw', 5, false, 1500))).toEqual([
      { type: 'pause', paused: false, positionMs: 1500 },
    ])
    expect(harness.output()).toEqual(['onStatus 0 NetStream.Unpause.Notify', 'streamBegin 1'])
  })

  test('pause outside a play is noted and nothing more', () => {
    const harness = connected()
    expect(harness.push(streamCommand('pause', 4, true, 0))).toMatchObject([
      { type: 'command', handled: true },
    ])
    expect(harness.output()).toEqual([])
  })

  test('seek', () => {
    const harness = playing()
    expect(harness.push(streamCommand('seek', 4, 12_000))).toEqual([{ type: 'seek', positionMs: 12_000 }])
    expect(harness.output()).toEqual(['onStatus 0 NetStream.Seek.Notify'])
    expect(harness.push(streamCommand('seek', 4, 'x'))).toEqual([{ type: 'seek', positionMs: 0 }])
  })

  test('defect: receiveAudio and receiveVideo are told', () => {
    const harness = playing()
    expect(harness.session.receiveAudio).toBe(true)
    expect(
      harness.push(streamCommand('receiveAudio', 0, false), streamCommand('receiveVideo', 0, false)),
    ).toEqual([
      { type: 'receiveAudio', enabled: false },
      { type: 'receiveVideo', enabled: false },
    ])
    expect([harness.session.receiveAudio, harness.session.receiveVideo]).toEqual([false, false])
    harness.push(streamCommand('receiveVideo', 0, true))
    expect(harness.session.receiveVideo).toBe(true)
  })

  test('SetBufferLength', () => {
    const bytes = message(4, join(hex('0003'), u32(1), u32(3000)), { chunkStreamId: 2 })
    expect(playing().push(bytes)).toEqual([{ type: 'bufferLength', bufferLengthMs: 3000 }])
  })

  test('data of the player is told', () => {
    expect(playing().push(media(18, 0, amf0('chat', 'hello')))).toMatchObject([
      { type: 'data', values: ['chat', 'hello'] },
    ])
  })

  test('media of the player is dropped', () => {
    const harness = playing()
    expect(harness.push(media(9, 0, hex('1700')))).toEqual([])
    expect(harness.session.ignoredMessageCount).toBe(1)
  })

  test.each([
    ['closeStream', streamCommand('closeStream', 0)],
    ['deleteStream', command('deleteStream', 4, null, 1)],
    ['play(false)', streamCommand('play', 4, false)],
  ])('%s ends it, and playing again is asked for again', (_, bytes) => {
    const harness = playing()
    expect(harness.push(bytes)).toEqual([{ type: 'stop' }])
    expect(harness.session.phase).toBe('idle')
    expect(harness.push(streamCommand('play', 5, 'cam2'))).toMatchObject([
      { type: 'play', streamName: 'cam2' },
    ])
    harness.session.acceptPlay()
    expect(harness.output()).toContain('onStatus 0 NetStream.Play.Start')
  })

  test('publish after play', () => {
    expect(playing().push(streamCommand('publish', 5, 'cam', 'live'))).toMatchObject([
      { type: 'stop' },
      { type: 'publish' },
    ])
  })

  test('a session that closes while playing says so first', () => {
    const harness = playing()
    harness.session.close()
    expect(harness.events()).toMatchObject([{ type: 'stop' }, { type: 'close' }])
  })
})

describe('the publisher', () => {
  test('defect: is gone for good: UnpublishNotify for FFmpeg and librtmp, StreamEOF for GStreamer', () => {
    const harness = playing()
    harness.session.endPlay('the show is over')
    expect(harness.messages()).toMatchObject([
      {
        args: [{ level: 'status', code: 'NetStream.Play.UnpublishNotify', description: 'the show is over' }],
      },
      { event: { type: 'streamEof', messageStreamId: 1 } },
    ])
    expect(harness.session.phase).toBe('idle')
    harness.session.endPlay()
    expect(harness.output()).toEqual([])
    expect(harness.events()).toEqual([])
  })

  test('is away and comes back: nothing that makes a player quit', () => {
    const harness = playing()
    harness.session.notifyPublisherGone()
    harness.session.notifyPublisherBack()
    expect(harness.output()).toEqual([
      'streamDry 1',
      'streamBegin 1',
      'onStatus 0 NetStream.Play.PublishNotify',
    ])
  })

  test('is nothing to tell a client that does not play', () => {
    const harness = connected()
    harness.session.notifyPublisherGone()
    harness.session.notifyPublisherBack()
    harness.session.endPlay()
    expect(harness.output()).toEqual([])
  })
})

describe('calls', () => {
  test('a custom command of the client is answered with nothing, when the owner lets it be', () => {
    const harness = connected()
    expect(harness.push(command('sum', 7, null, 1, 2))).toMatchObject([
      { type: 'command', handled: false, command: { name: 'sum', args: [1, 2] } },
    ])
    expect(harness.output()).toEqual(['_result 7 null'])
  })

  test('the owner answers it', () => {
    const harness = connected()
    harness.session.push(command('sum', 7, null, 1, 2), 0)
    harness.session.readEvent()
    harness.session.reply(7, 3)
    expect(harness.events()).toEqual([])
    expect(harness.output()).toEqual(['_result 7 3'])
  })

  test('with an error', () => {
    const harness = connected()
    harness.session.push(command('sum', 7, null), 0)
    harness.session.readEvent()
    harness.session.replyError(7, 'no numbers')
    harness.events()
    expect(harness.messages()).toMatchObject([
      {
        name: '_error',
        transactionId: 7,
        args: [{ code: 'NetConnection.Call.Failed', description: 'no numbers' }],
      },
    ])
  })

  test('or later', () => {
    const harness = connected()
    harness.session.push(command('sum', 7, null), 0)
    harness.session.readEvent()
    harness.session.deferReply()
    harness.push(command('createStream', 8, null))
    expect(harness.output()).toEqual(['_result 8 1'])
    harness.session.reply(7, 'late')
    expect(harness.output()).toEqual(['_result 7 late'])
  })

  test('a command without a transaction id is not answered', () => {
    const harness = connected()
    expect(harness.push(command('note', 0, null))).toMatchObject([{ type: 'command', handled: false }])
    expect(harness.output()).toEqual([])
  })

  test('of the server: numbered, and answered by an event', () => {
    const harness = connected()
    expect(harness.session.call('getInfo', 'x')).toBe(1)
    expect(harness.session.call('getInfo', 'y')).toBe(2)
    expect(harness.output()).toEqual(['getInfo 1 x', 'getInfo 2 y'])
    expect(
      harness.push(command('_result', 1, null, 'fine'), command('_error', 2, null, { code: 'x' })),
    ).toEqual([
      { type: 'reply', transactionId: 1, isError: false, values: [null, 'fine'] },
      { type: 'reply', transactionId: 2, isError: true, values: [null, { code: 'x' }] },
    ])
  })

  test('a _result that nobody asked for is an event, and no reason to close', () => {
    expect(connected().push(command('_result', 99, null))).toMatchObject([
      { type: 'reply', transactionId: 99 },
    ])
  })

  test('notify and sendData', () => {
    const harness = playing()
    harness.session.notify('onViewers', 12)
    harness.session.sendData(2 ** 32 + 40, 'onTextData', 'hi')
    expect(harness.messages()).toMatchObject([
      { name: 'onViewers', transactionId: 0, messageStreamId: 1, args: [12] },
      { type: 'data', timestamp: 40, messageStreamId: 1, values: ['onTextData', 'hi'] },
    ])
  })

  test('nothing goes out before the connection is accepted, and nothing after its end', () => {
    const harness = connected()
    harness.session.close()
    const { session } = harness
    expect(session.call('x')).toBe(0)
    session.notify('x')
    session.sendData(0, 'x')
    session.reply(1)
    session.replyError(1, 'x')
    expect(harness.output()).toEqual([])
  })
})

describe('reconnect request', () => {
  function declared(capsEx: number): ServerHarness {
    const harness = new ServerHarness()
    harness.push(C0C1C2, command('connect', 1, { app: 'live', capsEx }))
    harness.session.acceptConnect()
    harness.output()
    return harness
  }

  test('to a client that declared to follow it', () => {
    const harness = declared(1)
    expect(harness.session.requestReconnect('rtmp://other/live', 'update')).toBe(true)
    expect(harness.messages()).toMatchObject([
      {
        name: 'onStatus',
        transactionId: 0,
        messageStreamId: 0,
        commandObject: null,
        args: [
          {
            level: 'status',
            code: 'NetConnection.Connect.ReconnectRequest',
            description: 'update',
            tcUrl: 'rtmp://other/live',
          },
        ],
      },
    ])
    expect(harness.session.phase).toBe('idle')
  })

  test('here, when no other place is named', () => {
    const harness = declared(1)
    harness.session.requestReconnect()
    const [sent] = harness.messages()
    expect(sent).not.toHaveProperty('args.0.tcUrl')
  })

  test('is not sent to others', () => {
    const harness = declared(2)
    expect(harness.session.requestReconnect()).toBe(false)
    expect(harness.output()).toEqual([])
  })
})
