import { packetFromTag } from 'millrace/media'
import { RTMP_VIEW, type RtmpClientEvent, type RtmpClientSessionOptions } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { hex, join, toHex } from '../support/bytes.ts'
import {
  amf0,
  command,
  ecmaArray,
  media,
  message,
  streamCommand,
  u16,
  u32,
  type Amf0Literal,
} from '../support/rtmp-bytes.ts'
import { ClientHarness, ServerHarness } from './session-harness.ts'

/** A server's side of the simple handshake: S0, S1, S2. */
const S0S1S2 = join(hex('03'), new Uint8Array(2 * 1536))

const SUCCESS = command(
  '_result',
  1,
  { fmsVer: 'FMS/3,0,1,123', capabilities: 31 },
  {
    level: 'status',
    code: 'NetConnection.Connect.Success',
  },
)

function status(level: string, code: string, more: Record<string, Amf0Literal> = {}): Uint8Array {
  return streamCommand('onStatus', 0, { level, code, description: 'words', ...more })
}

/** A client whose server accepted `connect`; the output so far is dropped. */
function connectedClient(options: Partial<RtmpClientSessionOptions> = {}): ClientHarness {
  const harness = new ClientHarness(options)
  harness.push(S0S1S2, SUCCESS)
  harness.output()
  return harness
}

/** A client that publishes. */
function publishing(options: Partial<RtmpClientSessionOptions> = {}): ClientHarness {
  const harness = connectedClient(options)
  harness.push(command('_result', 4, null, 1), status('status', 'NetStream.Publish.Start'))
  harness.output()
  return harness
}

/** A client that plays. */
function playing(options: Partial<RtmpClientSessionOptions> = {}): ClientHarness {
  const harness = connectedClient({ mode: 'play', ...options })
  harness.push(command('_result', 2, null, 1), status('status', 'NetStream.Play.Start'))
  harness.output()
  return harness
}

function types(events: readonly RtmpClientEvent[]): string[] {
  return events.map((event) => event.type)
}

describe('connect', () => {
  test('C0 C1 are there at once; connect follows the handshake', () => {
    const harness = new ClientHarness()
    const [first] = harness.session.takeOutput()
    expect([first?.length, first?.[0]]).toEqual([1537, 3])
    expect(harness.push(S0S1S2)).toEqual([])
    const [c2, connect] = harness.session.takeOutput()
    expect(c2?.length).toBe(1536)
    expect(toHex(connect!.subarray(0, 12))).toBe(
      `03 00 00 00 00 00 ${(connect!.length - 13).toString(16)} 14 00 00 00 00`,
    )
    expect(harness.session.phase).toBe('connecting')
  })

  test('what a publisher says of itself', () => {
    const harness = new ClientHarness()
    harness.push(S0S1S2)
    expect(harness.messages()).toMatchObject([
      {
        name: 'connect',
        transactionId: 1,
        commandObject: {
          app: 'live',
          type: 'nonprivate',
          flashVer: 'FMLE/3.0 (compatible; millrace)',
          tcUrl: 'rtmp://host/live',
          fourCcList: ['*'],
          capsEx: 0x0f,
          videoFourCcInfoMap: { '*': 4 },
          audioFourCcInfoMap: { '*': 4 },
        },
        args: [],
      },
    ])
  })

  test('what a player says of itself', () => {
    const harness = new ClientHarness({ mode: 'play', capabilities: 'none' })
    harness.push(S0S1S2)
    const [sent] = harness.messages()
    expect(sent).toMatchObject({
      commandObject: { app: 'live', fpad: false, audioCodecs: 3575, videoCodecs: 252, videoFunction: 1 },
    })
    expect(sent).not.toHaveProperty('commandObject.capsEx')
  })

  test('and what the owner adds', () => {
    const harness = new ClientHarness({
      flashVer: 'OBS',
      connectProperties: { swfUrl: 'http://host/a.swf', fourCcList: ['hvc1'] },
      connectArgs: [{ token: 'a' }],
    })
    harness.push(S0S1S2)
    expect(harness.messages()).toMatchObject([
      {
        commandObject: { flashVer: 'OBS', swfUrl: 'http://host/a.swf', fourCcList: ['hvc1'] },
        args: [{ token: 'a' }],
      },
    ])
  })

  test('the capabilities of the server, in either object of its answer', () => {
    for (const [properties, information] of [
      [{ capsEx: 3 }, {}],
      [{}, { capsEx: 3 }],
    ] as const) {
      const harness = new ClientHarness()
      const [event] = harness.push(S0S1S2, command('_result', 1, properties, information))
      expect(event).toMatchObject({ type: 'connected', capabilities: { reconnect: true, multitrack: true } })
      expect(harness.session.peer.multitrack).toBe(true)
    }
  })

  test.each([
    ['a wrong transaction id', command('_result', 0, null, { code: 'NetConnection.Connect.Success' })],
    ['no transaction id', message(20, amf0('_result', null, {}))],
    ['an ECMA array', command('_result', 1, ecmaArray({ fmsVer: 'x' }), ecmaArray({ code: 'y' }))],
    ['nothing in it', command('_result', 1, null)],
  ])('an answer with %s is one', (_, bytes) => {
    const harness = new ClientHarness()
    expect(types(harness.push(S0S1S2, bytes))).toEqual(['connected'])
  })

  test('rejected, with the reason', () => {
    const harness = new ClientHarness()
    const events = harness.push(
      S0S1S2,
      command('_error', 1, null, {
        level: 'error',
        code: 'NetConnection.Connect.Rejected',
        description: 'code=403 need auth; authmod=adobe',
      }),
    )
    expect(events).toMatchObject([
      { type: 'status' },
      {
        type: 'rejected',
        code: 'NetConnection.Connect.Rejected',
        description: 'code=403 need auth; authmod=adobe',
      },
      { type: 'close', code: 'rejected' },
    ])
    expect(harness.session.phase).toBe('closed')
  })

  test('redirected, in the answer or in a status', () => {
    const information = {
      level: 'error',
      code: 'NetConnection.Connect.Rejected',
      description: 'RTMP 302 Redirect',
      ex: { code: 302, redirect: 'rtmp://other/live', redirect2: 'rtmp://other/live/cam' },
    }
    const inAnswer = new ClientHarness().push(S0S1S2, command('_error', 1, null, information))
    const inStatus = playing().push(message(20, amf0('onStatus', 0, null, information)))
    for (const events of [inAnswer, inStatus]) {
      expect(events.find((event) => event.type === 'redirect')).toEqual({
        type: 'redirect',
        redirect: { tcUrl: 'rtmp://other/live', url: 'rtmp://other/live/cam' },
        description: 'RTMP 302 Redirect',
      })
      expect(events.at(-1)).toMatchObject({ type: 'close', code: 'redirected' })
    }
  })

  test('a redirect with the full URL alone, and one with the tcUrl alone', () => {
    const redirected = (ex: Record<string, Amf0Literal>): unknown =>
      new ClientHarness()
        .push(S0S1S2, command('_error', 1, null, { ex }))
        .find((event) => event.type === 'redirect')
    expect(redirected({ redirect2: 'rtmp://other/live/cam' })).toMatchObject({
      redirect: { tcUrl: 'rtmp://other/live', url: 'rtmp://other/live/cam' },
    })
    expect(redirected({ redirect: 'rtmp://other/live' })).toMatchObject({
      redirect: { tcUrl: 'rtmp://other/live' },
    })
  })
})

describe('publish', () => {
  test('FMLE’s way, chunk size first, and no answer to releaseStream and FCPublish is missed', () => {
    const harness = new ClientHarness()
    harness.push(S0S1S2)
    harness.output()
    expect(types(harness.push(SUCCESS))).toEqual(['connected'])
    expect(harness.output()).toEqual([
      'windowAcknowledgementSize 2500000',
      'setChunkSize 65536',
      'releaseStream 2 cam',
      'FCPublish 3 cam',
      'createStream 4',
    ])
    harness.push(command('_result', 4, null, 1))
    expect(harness.output()).toEqual(['publish 5 cam live'])
    expect(types(harness.push(status('status', 'NetStream.Publish.Start')))).toEqual(['status', 'publishing'])
    expect(harness.session.phase).toBe('publishing')
  })

  test('refusals of releaseStream and FCPublish are told and nothing more', () => {
    const harness = connectedClient()
    expect(harness.push(command('_error', 2, null, {}), command('_error', 3, null, {}))).toMatchObject([
      { type: 'reply', transactionId: 2, isError: true },
      { type: 'reply', transactionId: 3, isError: true },
    ])
    harness.push(command('_result', 4, null, 1))
    expect(harness.session.phase).toBe('starting')
  })

  test('createStream answered with a wrong transaction id', () => {
    const harness = connectedClient()
    harness.push(command('_result', 2, null, undefined), command('_result', 0, null, 1))
    expect(harness.output()).toEqual(['publish 5 cam live'])
  })

  test('createStream refused', () => {
    const events = connectedClient().push(command('_error', 4, null, { code: 'NetConnection.Call.Failed' }))
    expect(events).toMatchObject([
      { type: 'status' },
      { type: 'rejected', code: 'NetConnection.Call.Failed' },
      { type: 'close' },
    ])
  })

  test('a stream id other than 1 is used from there on', () => {
    const harness = connectedClient()
    harness.push(command('_result', 4, null, 7))
    expect(harness.session.streamId).toBe(7)
    expect(harness.messages()).toMatchObject([{ name: 'publish', messageStreamId: 7 }])
    harness.push(status('status', 'NetStream.Publish.Start'))
    harness.session.writeMedia(packetFromTag(8, 0, hex('af 01 00')))
    expect(harness.messages()).toMatchObject([{ type: 'audio', messageStreamId: 7 }])
  })

  test.each(['NetStream.Publish.BadName', 'NetStream.Publish.Denied'])('refused with %s', (code) => {
    const harness = connectedClient()
    harness.push(command('_result', 4, null, 1))
    expect(harness.push(status('error', code))).toMatchObject([
      { type: 'status', level: 'error' },
      { type: 'rejected', code, description: 'words' },
      { type: 'close', code: 'rejected', reason: `${code}: words` },
    ])
  })

  test('an error status while publishing is the end', () => {
    expect(types(publishing().push(status('error', 'NetStream.Publish.Failed')))).toEqual([
      'status',
      'rejected',
      'close',
    ])
  })

  test('a warning is not', () => {
    const harness = publishing()
    expect(types(harness.push(status('warning', 'NetStream.Play.InsufficientBW')))).toEqual(['status'])
    expect(harness.session.phase).toBe('publishing')
  })

  test('media goes out in the form of the shared batches', () => {
    const harness = publishing()
    const packets = [
      packetFromTag(9, 2 ** 32 + 5, new Uint8Array(70_000)),
      packetFromTag(8, 0x0100_0000, hex('af 01 00')),
      packetFromTag(8, 23, hex('')),
    ]
    for (const packet of packets) expect(harness.session.writeMedia(packet)).toBe(true)
    const shared = RTMP_VIEW.create().frame(packets)
    expect(toHex(join(...harness.session.takeOutput()))).toBe(toHex(shared))
  })

  test('metadata goes out behind @setDataFrame, other data as it is', () => {
    const harness = publishing()
    harness.session.writeMedia(packetFromTag(18, 0, amf0('onMetaData', ecmaArray({ width: 64 }))))
    harness.session.writeMedia(packetFromTag(18, 5, amf0('onTextData', { text: 'hi' })))
    expect(harness.messages()).toMatchObject([
      { type: 'data', body: amf0('@setDataFrame', 'onMetaData', ecmaArray({ width: 64 })) },
      { type: 'data', timestamp: 5, body: amf0('onTextData', { text: 'hi' }) },
    ])
  })

  test('media before Publish.Start and after the end is not taken', () => {
    const packet = packetFromTag(8, 0, hex('af 01 00'))
    expect(connectedClient().session.writeMedia(packet)).toBe(false)
    const harness = publishing()
    harness.session.endStream()
    expect(harness.session.writeMedia(packet)).toBe(false)
  })

  test('shared batches count as sent', () => {
    const harness = publishing()
    const before = harness.session.sentBytes
    harness.session.countSent(1000)
    expect(harness.session.sentBytes).toBe(before + 1000)
  })

  test('endStream: FCUnpublish, deleteStream; close ends it likewise, with one close event', () => {
    const harness = publishing()
    harness.session.endStream()
    expect(harness.output()).toEqual(['FCUnpublish 6 cam', 'deleteStream 7 1'])
    expect(harness.session.phase).toBe('ended')
    harness.session.close('done')
    expect(harness.output()).toEqual([])
    expect(harness.events()).toMatchObject([{ type: 'close', code: 'closed', reason: 'done' }])
    const other = publishing()
    other.session.close()
    other.session.close()
    expect(other.output()).toEqual(['FCUnpublish 6 cam', 'deleteStream 7 1'])
    expect(types(other.events())).toEqual(['close'])
  })
})

describe('play', () => {
  test('createStream, play, buffer length', () => {
    const harness = connectedClient({ mode: 'play', bufferLengthMs: 500, playArgs: [-1] })
    harness.push(command('_result', 2, null, 1))
    expect(harness.output()).toEqual(['play 3 cam -1', 'setBufferLength 1 500'])
    expect(
      types(harness.push(status('status', 'NetStream.Play.Reset'), status('status', 'NetStream.Play.Start'))),
    ).toEqual(['status', 'status', 'playing'])
  })

  test('media on one clock', () => {
    expect(playing().push(media(9, 100, hex('17 01 000000')), media(8, 90, hex('af 01 00')))).toMatchObject([
      { type: 'media', packet: { kind: 'video', dts: 100, keyframe: false } },
      { type: 'media', packet: { kind: 'audio', dts: 90 } },
    ])
  })

  test('a server that sends media without a word is playing', () => {
    const harness = connectedClient({ mode: 'play' })
    harness.push(command('_result', 2, null, 1))
    expect(types(harness.push(media(8, 0, hex('af 01 00')), media(8, 1, hex('af 01 00'))))).toEqual([
      'playing',
      'media',
      'media',
    ])
    expect(types(harness.push(status('status', 'NetStream.Play.Start')))).toEqual(['status'])
  })

  test.each([
    ['UnpublishNotify', status('status', 'NetStream.Play.UnpublishNotify'), 'NetStream.Play.UnpublishNotify'],
    ['Stop', status('status', 'NetStream.Play.Stop'), 'NetStream.Play.Stop'],
    [
      'onPlayStatus Complete',
      media(18, 0, amf0('onPlayStatus', { code: 'NetStream.Play.Complete' })),
      'NetStream.Play.Complete',
    ],
    ['StreamEOF', message(4, join(hex('0001'), u32(1)), { chunkStreamId: 2 }), 'StreamEOF'],
    ['FCUnpublish, as FFmpeg ends it', command('FCUnpublish', 1, null, 'cam'), 'FCUnpublish'],
  ])('the stream ends with %s', (_, bytes, code) => {
    const harness = playing()
    const events = harness.push(bytes, media(8, 5, hex('af 01 00')))
    expect(events.at(-1)).toEqual({ type: 'stop', code })
    expect(harness.session.phase).toBe('ended')
    expect(harness.push(bytes).some((event) => event.type === 'stop')).toBe(false)
  })

  test('refused', () => {
    const harness = connectedClient({ mode: 'play' })
    harness.push(command('_result', 2, null, 1))
    expect(harness.push(status('error', 'NetStream.Play.StreamNotFound'))).toMatchObject([
      { type: 'status' },
      { type: 'rejected', code: 'NetStream.Play.StreamNotFound' },
      { type: 'close', code: 'rejected' },
    ])
  })

  test('pause', () => {
    const harness = playing()
    harness.session.pause(true, 40)
    expect(harness.output()).toEqual(['pause 0 true 40'])
  })

  test('StreamEOF is the end of a pause or of the stream, whichever it is', () => {
    const streamEof = message(4, join(u16(1), u32(1)), { chunkStreamId: 2 })
    const streamBegin = message(4, join(u16(0), u32(1)), { chunkStreamId: 2 })
    const harness = playing()
    harness.session.pause(true)
    harness.push(status('status', 'NetStream.Pause.Notify'))
    expect(harness.push(streamEof)).toMatchObject([{ type: 'unknown' }])
    expect(harness.sleep(600_000)).toEqual([]) // no media, as wanted
    harness.session.pause(false)
    harness.push(status('status', 'NetStream.Unpause.Notify'), streamBegin)
    expect(harness.session.phase).toBe('playing')
    expect(harness.push(streamEof)).toMatchObject([{ type: 'stop', code: 'StreamEOF' }])
  })

  test('after a pause media is waited for again', () => {
    const harness = playing()
    harness.session.pause(true)
    harness.session.pause(false)
    expect(harness.sleep(29_000)).toEqual([])
    expect(harness.sleep(2_000)).toMatchObject([
      { type: 'stop' },
      { type: 'close', code: 'ERR_RTMP_MEDIA_TIMEOUT' },
    ])
  })

  test('a session that closes while playing says stop first', () => {
    const harness = playing()
    harness.session.close()
    expect(harness.events()).toMatchObject([{ type: 'stop', code: '' }, { type: 'close' }])
    expect(harness.output()).toEqual(['deleteStream 4 1'])
  })

  test('what the server sends is acknowledged by its window', () => {
    const harness = playing()
    harness.push(message(5, u32(1000), { chunkStreamId: 2 }))
    harness.output()
    harness.push(media(9, 0, new Uint8Array(600)))
    expect(harness.output()).toEqual([`acknowledgement ${harness.session.receivedBytes}`])
  })
})

describe('what the server may ask', () => {
  test('a ping is answered', () => {
    const harness = playing()
    harness.push(message(4, join(hex('0006'), u32(99)), { chunkStreamId: 2 }))
    expect(harness.output()).toEqual(['pingResponse 99'])
  })

  test('a reconnect is told, and everything goes on', () => {
    const harness = publishing()
    const events = harness.push(
      message(
        20,
        amf0('onStatus', 0, null, {
          level: 'status',
          code: 'NetConnection.Connect.ReconnectRequest',
          tcUrl: '/other',
          description: 'update',
        }),
      ),
    )
    expect(events).toMatchObject([
      { type: 'status' },
      { type: 'reconnectRequest', tcUrl: '/other', description: 'update' },
    ])
    expect(harness.session.phase).toBe('publishing')
    const again = publishing().push(status('status', 'NetConnection.Connect.ReconnectRequest'))
    expect(again.at(-1)).toEqual({ type: 'reconnectRequest', tcUrl: undefined, description: 'words' })
  })

  test('a call is answered by the owner, or with nothing', () => {
    const harness = playing()
    expect(harness.push(command('onBWCheck', 8, null), command('onBWDone', 9, null, 8192))).toMatchObject([
      { type: 'command', handled: false },
      { type: 'command', handled: true },
    ])
    expect(harness.output()).toEqual(['_result 8 null'])
    const transactionId = harness.session.call('getViewers')
    expect(harness.push(command('_result', transactionId, null, 12))).toEqual([
      { type: 'reply', transactionId, isError: false, values: [null, 12] },
    ])
  })

  test('close', () => {
    expect(playing().push(command('close', 0, null))).toMatchObject([
      { type: 'stop' },
      { type: 'close', code: 'closed' },
    ])
  })
})

describe('timeouts', () => {
  test.each([
    ['the handshake', [], 10_000, 'ERR_RTMP_HANDSHAKE_TIMEOUT'],
    ['the answer to connect', [S0S1S2], 30_000, 'ERR_RTMP_COMMAND_TIMEOUT'],
    ['the answer to createStream', [S0S1S2, SUCCESS], 30_000, 'ERR_RTMP_COMMAND_TIMEOUT'],
    [
      'the answer to publish',
      [S0S1S2, SUCCESS, command('_result', 4, null, 1)],
      30_000,
      'ERR_RTMP_COMMAND_TIMEOUT',
    ],
  ])('%s', (_, bytes, ms, code) => {
    const harness = new ClientHarness()
    harness.push(...bytes)
    expect(harness.sleep(ms - 1)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([{ type: 'close', code }])
  })

  test('publishing has none', () => {
    expect(publishing().session.nextTimeoutMs).toBeUndefined()
  })

  test('playing: the first media, and each after it', () => {
    const harness = playing({ firstMediaTimeoutMs: 5000, mediaTimeoutMs: 2000 })
    expect(harness.sleep(4999)).toEqual([])
    harness.push(media(8, 0, hex('af 01 00')))
    expect(harness.sleep(1999)).toEqual([])
    expect(harness.sleep(1)).toMatchObject([
      { type: 'stop' },
      { type: 'close', code: 'ERR_RTMP_MEDIA_TIMEOUT' },
    ])
  })
})

test('bytes that are no RTMP end the session with one reason', () => {
  expect(new ClientHarness().push(hex('48545450'))).toMatchObject([
    { type: 'close', code: 'ERR_HANDSHAKE_VERSION' },
  ])
  expect(playing().push(message(20, hex('ff')))).toMatchObject([{ type: 'stop' }, { type: 'close' }])
})

describe('against our own server', () => {
  /** Moves bytes between the two till both are silent, in pieces of at most `pieceBytes`. */
  function exchange(client: ClientHarness, server: ServerHarness, pieceBytes: number): string[] {
    const seen: string[] = []
    for (let moved = true; moved;) {
      moved = false
      const toServer = join(...client.session.takeOutput())
      for (let at = 0; at < toServer.length; at += pieceBytes) {
        server.session.push(toServer.subarray(at, at + pieceBytes), 0)
        moved = true
      }
      for (const event of server.events()) {
        seen.push(`server ${event.type}`)
        if (event.type === 'connect') server.session.acceptConnect({ information: { welcome: true } })
        if (event.type === 'publish') server.session.acceptPublish()
        if (event.type === 'play') server.session.acceptPlay()
        moved = true
      }
      const toClient = join(...server.session.takeOutput())
      for (let at = 0; at < toClient.length; at += pieceBytes) {
        client.session.push(toClient.subarray(at, at + pieceBytes), 0)
        moved = true
      }
      for (const event of client.events()) seen.push(`client ${event.type}`)
    }
    return seen
  }

  test.each([1, 7, 128, 5000])('publish, media, end: %i bytes at a time', (pieceBytes) => {
    const client = new ClientHarness({ handshakeForm: 'digest' })
    const server = new ServerHarness()
    const opening = exchange(client, server, pieceBytes)
    expect(opening).toContain('client publishing')
    expect(client.session.peer).toMatchObject({ multitrack: true, reconnect: true })
    expect([client.session.handshakeForm, server.session.handshakeForm]).toEqual(['digest', 'digest'])
    const packet = packetFromTag(9, 2 ** 32 - 5, hex('17 00 000000 01640028'))
    client.session.writeMedia(packet)
    expect(exchange(client, server, pieceBytes)).toEqual(['server media'])
    client.session.close()
    expect(exchange(client, server, pieceBytes)).toEqual([
      'server unpublish',
      'server command',
      'client close',
    ])
    expect(server.session.receivedBytes).toBe(client.session.sentBytes)
    expect(client.session.receivedBytes).toBeLessThanOrEqual(server.session.sentBytes)
  })

  test('play, shared batches, end', () => {
    const client = new ClientHarness({ mode: 'play' })
    const server = new ServerHarness()
    exchange(client, server, 1000)
    const batch = RTMP_VIEW.create().frame([packetFromTag(8, 40, hex('af 01 00'))])
    server.session.countSent(batch.length)
    client.session.push(batch, 0)
    expect(client.events()).toMatchObject([{ type: 'media', packet: { dts: 40 } }])
    server.session.endPlay()
    expect(exchange(client, server, 1000)).toEqual(['client status', 'client stop', 'client unknown'])
  })

  test('rejections and redirects reach the client', () => {
    for (const decide of [
      (server: ServerHarness) => server.session.rejectConnect('no'),
      (server: ServerHarness) => server.session.rejectConnect('there', { tcUrl: 'rtmp://other/live' }),
    ]) {
      const client = new ClientHarness()
      const server = new ServerHarness()
      server.push(...client.session.takeOutput())
      client.push(...server.session.takeOutput())
      server.push(...client.session.takeOutput())
      decide(server)
      const events = client.push(...server.session.takeOutput())
      expect(events.at(-1)).toMatchObject({ type: 'close' })
      expect(['rejected', 'redirect']).toContain(events.at(-2)?.type)
    }
  })

  test('a reconnect request reaches it', () => {
    const client = new ClientHarness()
    const server = new ServerHarness()
    exchange(client, server, 1000)
    expect(server.session.requestReconnect('rtmp://other/live')).toBe(true)
    expect(exchange(client, server, 1000)).toEqual(['client status', 'client reconnectRequest'])
  })
})
