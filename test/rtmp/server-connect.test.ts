import { Amf0EcmaArray, propertiesOf } from 'millrace/amf0'
import type { ServerConnectEvent } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { ascii, hex, join, toHex } from '../support/bytes.ts'
import { C0C1C2, command, ecmaArray, message, amf0, type Amf0Literal } from '../support/rtmp-bytes.ts'
import { connected, HANDSHAKE_BYTES, HELLO, ServerHarness } from './session-harness.ts'

/** Sends `connect` with this object, and gives the event. */
function connect(
  object: Amf0Literal,
  ...args: Amf0Literal[]
): { harness: ServerHarness; event: ServerConnectEvent } {
  const harness = new ServerHarness()
  const events = harness.push(C0C1C2, command('connect', 1, object, ...args))
  expect(events).toHaveLength(1)
  const event = events[0]!
  if (event.type !== 'connect') throw new Error(event.type)
  return { harness, event }
}

/** The two objects of `_result`. */
function resultOf(harness: ServerHarness): { properties: object; information: object } {
  const answer = harness.messages().find((sent) => sent.type === 'command')
  if (answer?.type !== 'command') throw new Error('no answer')
  return {
    properties: propertiesOf(answer.commandObject)!,
    information: propertiesOf(answer.args[0])!,
  }
}

describe('what the owner sees', () => {
  test('every property, and those that matter by name', () => {
    const { event } = connect(
      {
        app: 'live/camera?token=a',
        tcUrl: 'rtmp://host/live/camera?token=a',
        flashVer: 'OBS',
        swfUrl: 'http://host/player.swf',
        pageUrl: 'http://host/',
        objectEncoding: 3,
        secret: 'x',
      },
      { srs_version: '7' },
      'more',
    )
    expect(event.request).toMatchObject({
      app: 'live/camera?token=a',
      tcUrl: 'rtmp://host/live/camera?token=a',
      flashVer: 'OBS',
      swfUrl: 'http://host/player.swf',
      pageUrl: 'http://host/',
      objectEncoding: 3,
      args: [{ srs_version: '7' }, 'more'],
    })
    expect(event.request.properties['secret']).toBe('x')
  })

  test('defect: connect without tcUrl, with wrong types, or without an object is an event and no crash', () => {
    for (const object of [{ app: 'live' }, { app: 1, tcUrl: null, flashVer: [] }, null, 'live', 5]) {
      const { event } = connect(object)
      expect(event.request.tcUrl).toBe('')
    }
  })

  test('the session keeps it', () => {
    const { harness, event } = connect({ app: 'live', capsEx: 2 })
    expect(harness.session.connectRequest).toBe(event.request)
    expect(harness.session.peer).toMatchObject({ enhanced: true, multitrack: true, reconnect: false })
  })
})

describe('the answer', () => {
  test('byte for byte', () => {
    const { harness } = connect({ app: 'live', tcUrl: 'rtmp://host/live' })
    harness.session.takeOutput()
    expect(harness.session.acceptConnect()).toBe(true)
    const result = join(
      amf0('_result', 1, { fmsVer: 'FMS/3,5,3,888', capabilities: 127, mode: 1 }),
      hex('03'), // object
      ...['level', 'status', 'code', 'NetConnection.Connect.Success'].map((text, i) =>
        i % 2 === 0 ? join(hex('00'), Uint8Array.of(text.length), ascii(text)) : amf0(text),
      ),
      join(hex('000b'), ascii('description'), amf0('Connection succeeded.')),
      join(hex('000e'), ascii('objectEncoding'), amf0(0)),
      join(hex('0004'), ascii('data'), ecmaArray({ version: '3,5,3,888' }).raw),
      hex('000009'),
    )
    expect(toHex(join(...harness.session.takeOutput()))).toBe(
      toHex(
        join(
          hex('02 000000 000004 05 00000000 002625a0'), // Window Acknowledgement Size
          hex('02 000000 000005 06 00000000 002625a0 02'), // Set Peer Bandwidth, dynamic
          hex('02 000000 000004 01 00000000 00010000'), // Set Chunk Size
          message(20, result, { chunkSize: 65_536 }), // in chunks of the new size
          message(20, amf0('onBWDone', 0, null)),
        ),
      ),
    )
  })

  test('objectEncoding is echoed, and only what the client can know of is declared', () => {
    const { harness } = connect({ app: 'live', objectEncoding: 3 })
    harness.session.acceptConnect()
    const { properties, information } = resultOf(harness)
    expect(information).toMatchObject({ objectEncoding: 3 })
    expect(properties).toEqual({ fmsVer: 'FMS/3,5,3,888', capabilities: 127, mode: 1 })
  })

  test('Enhanced RTMP: our masks to a client that declares any of its own', () => {
    for (const declared of [{ capsEx: 1 }, { videoFourCcInfoMap: { hvc1: 2 } }, { audioFourCcInfoMap: {} }]) {
      const { harness } = connect({ app: 'live', ...declared })
      harness.session.acceptConnect()
      expect(resultOf(harness).properties).toEqual({
        fmsVer: 'FMS/3,5,3,888',
        capabilities: 127,
        mode: 1,
        capsEx: 0x0f, // Reconnect 1, Multitrack 2, ModEx 4, TimestampNanoOffset 8
        videoFourCcInfoMap: { '*': 4 }, // CanForward
        audioFourCcInfoMap: { '*': 4 },
      })
    }
  })

  test('Enhanced RTMP v1: a fourCcList is answered with any codec', () => {
    const { harness } = connect({ app: 'live', fourCcList: ['av01', 'hvc1', 'vp09'] })
    expect(harness.session.peer.fourCcList).toEqual(['av01', 'hvc1', 'vp09'])
    harness.session.acceptConnect()
    expect(resultOf(harness).properties).toMatchObject({ fourCcList: ['*'], capsEx: 0x0f })
  })

  test('the owner adds to both objects, and has the last word', () => {
    const { harness } = connect({ app: 'live', capsEx: 2 })
    harness.session.acceptConnect({
      properties: { fmsVer: 'FMS/5,0,0,0', capsEx: 2, custom: [1, 2] },
      information: { description: 'welcome', secureToken: 'abc', data: new Amf0EcmaArray({ srs_pid: '7' }) },
    })
    const { properties, information } = resultOf(harness)
    expect(properties).toMatchObject({ fmsVer: 'FMS/5,0,0,0', capsEx: 2, custom: [1, 2] })
    expect(information).toMatchObject({
      code: 'NetConnection.Connect.Success',
      description: 'welcome',
      secureToken: 'abc',
      data: new Amf0EcmaArray({ srs_pid: '7' }),
    })
  })

  test('a value that AMF0 has no form for is the caller’s mistake, and nothing is sent', () => {
    const { harness } = connect({ app: 'live' })
    harness.output()
    const properties = { wrong: (() => 1) as unknown as string }
    expect(() => harness.session.acceptConnect({ properties })).toThrow(TypeError)
    expect(harness.output()).toEqual([])
    expect(harness.session.acceptConnect()).toBe(true)
  })

  test('window 0 is not announced; capabilities and sizes are options', () => {
    const harness = new ServerHarness({
      windowAcknowledgementSize: 0,
      peerBandwidth: 1000,
      capabilities: { capsEx: 0, videoFourCcInfoMap: { hvc1: 4 }, audioFourCcInfoMap: {} },
    })
    harness.push(C0C1C2, command('connect', 1, { app: 'live', capsEx: 1 }))
    harness.session.acceptConnect()
    const { properties } = resultOf(harness)
    expect(properties).toMatchObject({ capsEx: 0, videoFourCcInfoMap: { hvc1: 4 }, audioFourCcInfoMap: {} })
  })

  test('the transaction id of connect, and 1 for a client that leaves it out', () => {
    const harness = new ServerHarness()
    harness.push(C0C1C2, command('connect', 7, { app: 'live' }))
    harness.session.acceptConnect()
    expect(harness.output()).toContain('_result 7 NetConnection.Connect.Success')
    const silent = new ServerHarness()
    silent.push(C0C1C2, message(20, amf0('connect', { app: 'live' })))
    expect(silent.session.connectRequest?.app).toBe('live')
    silent.session.acceptConnect()
    expect(silent.output()).toContain('_result 1 NetConnection.Connect.Success')
  })
})

describe('rejection', () => {
  test('NetConnection.Connect.Rejected with the reason, then the end', () => {
    const { harness } = connect({ app: 'live' })
    harness.output()
    expect(harness.session.rejectConnect('no such app')).toBe(true)
    const [answer] = harness.messages()
    expect(answer).toMatchObject({
      name: '_error',
      transactionId: 1,
      commandObject: null,
      args: [{ level: 'error', code: 'NetConnection.Connect.Rejected', description: 'no such app' }],
    })
    expect(harness.events()).toEqual([
      { type: 'close', code: 'rejected', reason: 'no such app', error: undefined },
    ])
    expect(harness.push(command('createStream', 2, null))).toEqual([])
    expect(harness.output()).toEqual([])
  })

  test('redirect in an ex object', () => {
    const { harness } = connect({ app: 'live' })
    harness.output()
    const redirect = { tcUrl: 'rtmp://other/live', url: 'rtmp://other/live/cam' }
    harness.session.rejectConnect('RTMP 302 Redirect', redirect)
    expect(harness.messages()).toMatchObject([
      { args: [{ ex: { code: 302, redirect: 'rtmp://other/live', redirect2: 'rtmp://other/live/cam' } }] },
    ])
    expect(harness.events()).toMatchObject([{ type: 'close', code: 'redirected' }])
  })
})

test('a second connect is refused and the connection goes on', () => {
  const harness = connected()
  expect(harness.push(command('connect', 9, { app: 'other' }))).toMatchObject([
    { type: 'command', handled: true },
  ])
  expect(harness.output()).toEqual(['_error 9 NetConnection.Connect.Failed'])
  expect(harness.session.connectRequest?.app).toBe('live')
})

test('a command before connect ends the session', () => {
  const harness = new ServerHarness()
  expect(harness.push(C0C1C2, command('createStream', 1, null))).toMatchObject([
    { type: 'close', code: 'ERR_RTMP_NOT_CONNECTED', error: { name: 'ProtocolError' } },
  ])
  expect(harness.session.phase).toBe('closed')
})

test('bytes that are no RTMP end the session, with nothing sent', () => {
  const harness = new ServerHarness()
  expect(harness.push(ascii('GET / HTTP/1.1\r\n\r\n'))).toMatchObject([
    { type: 'close', code: 'ERR_HANDSHAKE_VERSION' },
  ])
  expect(harness.session.takeOutput()).toEqual([])
})

test('one close event, whatever comes later', () => {
  const harness = connected()
  harness.session.close('first')
  harness.session.close('second')
  expect(harness.events()).toEqual([{ type: 'close', code: 'closed', reason: 'first', error: undefined }])
  expect(harness.push(HELLO)).toEqual([])
  harness.session.handleTimeout(1e9)
  expect(harness.events()).toEqual([])
  expect(harness.session.nextTimeoutMs).toBeUndefined()
})

test('defect: a connection that neither published nor played ends with close alone, as a port scan does', () => {
  const silent = new ServerHarness()
  silent.session.close('the peer is gone')
  expect(silent.events()).toMatchObject([{ type: 'close', reason: 'the peer is gone' }])
  const harness = connected()
  harness.push(command('createStream', 2, null))
  harness.session.close()
  expect(harness.events()).toMatchObject([{ type: 'close' }])
})

test('close with a status that the client is to see', () => {
  const harness = connected()
  harness.session.close('the server stops', 'NetConnection.Connect.AppShutdown')
  expect(harness.messages()).toMatchObject([
    {
      name: 'onStatus',
      messageStreamId: 0,
      args: [
        {
          level: 'error',
          code: 'NetConnection.Connect.AppShutdown',
          description: 'the server stops',
        },
      ],
    },
  ])
})

test('the output counts from the first byte of the handshake', () => {
  const harness = new ServerHarness()
  harness.push(HELLO)
  expect(harness.session.sentBytes).toBe(HANDSHAKE_BYTES)
  expect(harness.session.receivedBytes).toBe(HELLO.length)
  expect(harness.session.handshakeForm).toBe('simple')
})

test('the address of a proxy prefix', () => {
  const harness = new ServerHarness({ acceptProxyPrefix: true })
  harness.push(hex('f3 0004 c0000207'), HELLO) // F3 | length | 192.0.2.7
  expect(harness.session.proxyAddress).toBe('192.0.2.7')
  expect(harness.session.awaitingDecision).toBe('connect')
})
