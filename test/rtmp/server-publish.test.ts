import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import {
  amf0,
  C0C1C2,
  command,
  ecmaArray,
  media,
  message,
  streamCommand,
  u32,
} from '../support/rtmp-bytes.ts'
import { connected, HELLO, ServerHarness } from './session-harness.ts'

const AVC_HEADER = hex('17 00 000000 01640028') // key frame, AVC; sequence header; composition time 0
const AVC_KEY = hex('17 01 000000 00000001 65')
const AAC_HEADER = hex('af 00 1210')
const AAC_RAW = hex('af 01 2110')

/** A session that publishes; the output so far is dropped. */
function publishing(options: ConstructorParameters<typeof ServerHarness>[0] = {}): ServerHarness {
  const harness = connected(options)
  harness.push(streamCommand('publish', 5, 'cam', 'live'))
  harness.session.acceptPublish()
  harness.output()
  return harness
}

/** What happens between `connect` and media, client by client. */
const sequences = [
  {
    name: 'FMLE, OBS, librtmp: releaseStream, FCPublish, createStream, publish',
    bytes: [
      command('releaseStream', 2, null, 'cam'),
      command('FCPublish', 3, null, 'cam'),
      command('createStream', 4, null),
      streamCommand('publish', 5, 'cam', 'live'),
    ],
    answers: ['_result 2 undefined', '_result 3 undefined', '_result 4 1'],
    announced: true,
  },
  {
    name: 'Haivision: createStream first',
    bytes: [
      command('createStream', 2, null),
      command('FCPublish', 3, null, 'cam'),
      streamCommand('publish', 4, 'cam', 'live'),
    ],
    answers: ['_result 2 1', '_result 3 undefined'],
    announced: true,
  },
  {
    name: 'Flash: createStream, publish',
    bytes: [command('createStream', 2, null), streamCommand('publish', 3, 'cam', 'live')],
    answers: ['_result 2 1'],
    announced: false,
  },
  {
    name: 'one FMLE command alone, at which SRS waits in vain',
    bytes: [
      command('releaseStream', 2, null, 'cam'),
      command('createStream', 3, null),
      streamCommand('publish', 4, 'cam', 'live'),
    ],
    answers: ['_result 2 undefined', '_result 3 1'],
    announced: true,
  },
  {
    name: 'publish without createStream',
    bytes: [streamCommand('publish', 2, 'cam', 'live')],
    answers: [],
    announced: false,
  },
  {
    name: 'createStream again and again, four deep and more',
    bytes: [
      ...[2, 3, 4, 5, 6].map((transactionId) => command('createStream', transactionId, null)),
      streamCommand('publish', 7, 'cam', 'live'),
    ],
    answers: ['_result 2 1', '_result 3 1', '_result 4 1', '_result 5 1', '_result 6 1'],
    announced: false,
  },
  {
    name: 'OBS: chunk size, window and _checkbw in between',
    bytes: [
      message(1, u32(4096), { chunkStreamId: 2 }),
      message(5, u32(2_500_000), { chunkStreamId: 2 }),
      command('releaseStream', 2, null, 'cam'),
      command('FCPublish', 3, null, 'cam'),
      command('createStream', 4, null),
      command('_checkbw', 5, null),
      streamCommand('publish', 6, 'cam', 'live'),
    ],
    answers: ['_result 2 undefined', '_result 3 undefined', '_result 4 1', '_result 5 null'],
    announced: true,
  },
  {
    name: 'publish in AMF3 (type 17)',
    bytes: [
      message(17, join(hex('00'), amf0('createStream', 2, null))),
      message(17, join(hex('00'), amf0('publish', 3, null, 'cam', 'live')), { messageStreamId: 1 }),
    ],
    answers: ['_result 2 1'],
    announced: false,
  },
]

describe.each(sequences)('$name', ({ bytes, answers, announced }) => {
  test('publish is asked for, and nothing of it is announced before the decision', () => {
    const harness = connected()
    const events = harness.push(...bytes)
    expect(events.at(-1)).toMatchObject({ type: 'publish', streamName: 'cam', publishType: 'live' })
    expect(events.slice(0, -1).every((event) => event.type === 'command' && event.handled)).toBe(true)
    expect(harness.output()).toEqual(answers)
    expect(harness.session.acceptPublish()).toBe(true)
    expect(harness.output()).toEqual([
      ...(announced ? ['onFCPublish 0 NetStream.Publish.Start'] : []),
      'onStatus 0 NetStream.Publish.Start',
    ])
    expect(harness.push(media(9, 0, AVC_HEADER))).toMatchObject([
      { type: 'media', packet: { codec: 'avc1', configuration: true } },
    ])
  })
})

test('any order of the commands before publish is answered with their own numbers', () => {
  const steps = ['releaseStream', 'FCPublish', 'createStream', '_checkbw', 'getStreamLength', 'FCSubscribe']
  fc.assert(
    fc.property(fc.shuffledSubarray(steps), (names) => {
      const harness = connected()
      const events = harness.push(
        ...names.map((name, i) => command(name, i + 2, null, 'cam')),
        streamCommand('publish', 20, 'cam', 'live'),
      )
      expect(events.map((event) => event.type)).toEqual([...names.map(() => 'command'), 'publish'])
      const answered = harness.output().filter((line) => line.startsWith('_result'))
      expect(answered.map((line) => Number(line.split(' ')[1]))).toEqual(names.map((_, i) => i + 2))
    }),
    { seed: 3, numRuns: 50 },
  )
})

describe('names and types', () => {
  test.each([
    ['LIVE', 'live'],
    ['Record', 'record'],
    ['append', 'append'],
    ['wirecast', 'live'],
    [undefined, 'live'],
    [5, 'live'],
  ] as const)('publish type %s is %s', (given, publishType) => {
    const [event] = connected().push(streamCommand('publish', 5, 'cam', given))
    expect(event).toMatchObject({ type: 'publish', publishType })
  })

  test('defect: publish without a name, or with a number for one, is an event and no crash', () => {
    for (const args of [[], [null], [5], [{}]]) {
      expect(connected().push(streamCommand('publish', 5, ...args))).toMatchObject([
        { type: 'publish', streamName: '' },
      ])
    }
  })

  test('a name that publish leaves out is the one of FCPublish', () => {
    const harness = connected()
    const events = harness.push(
      command('FCPublish', 2, null, 'cam?key=1'),
      streamCommand('publish', 3, '', 'live'),
    )
    expect(events.at(-1)).toMatchObject({ streamName: 'cam?key=1' })
  })

  test('the name of publish counts, not the one before', () => {
    const harness = connected()
    const events = harness.push(
      command('FCPublish', 2, null, 'other'),
      streamCommand('publish', 3, 'cam', 'live'),
    )
    expect(events.at(-1)).toMatchObject({ streamName: 'cam' })
  })
})

describe('rejection', () => {
  test('defect: the reason reaches the encoder in an error status, and no Publish.Start does', () => {
    const harness = connected()
    harness.push(command('FCPublish', 2, null, 'cam'), streamCommand('publish', 3, 'cam', 'live'))
    harness.output()
    expect(harness.session.rejectPublish('wrong key')).toBe(true)
    expect(harness.messages()).toMatchObject([
      {
        name: 'onStatus',
        messageStreamId: 1,
        args: [{ level: 'error', code: 'NetStream.Publish.Denied', description: 'wrong key' }],
      },
    ])
    expect(harness.events()).toMatchObject([{ type: 'close', code: 'rejected', reason: 'wrong key' }])
  })

  test('BadName for a name in use', () => {
    const harness = connected()
    harness.push(streamCommand('publish', 3, 'cam', 'live'))
    harness.session.rejectPublish('in use', { code: 'NetStream.Publish.BadName' })
    expect(harness.output()).toEqual(['onStatus 0 NetStream.Publish.BadName'])
  })

  test('redirect on the connection', () => {
    const harness = connected()
    harness.push(streamCommand('publish', 3, 'cam', 'live'))
    harness.session.rejectPublish('moved', { redirect: { tcUrl: 'rtmp://other/live' } })
    expect(harness.messages()).toMatchObject([
      {
        messageStreamId: 0,
        args: [{ code: 'NetConnection.Connect.Rejected', ex: { code: 302, redirect: 'rtmp://other/live' } }],
      },
    ])
    expect(harness.events()).toMatchObject([{ type: 'close', code: 'redirected' }])
  })
})

describe('media', () => {
  test('audio, video and data in one line', () => {
    const harness = publishing()
    const events = harness.push(
      media(18, 0, amf0('@setDataFrame', 'onMetaData', ecmaArray({ width: 1280 }))),
      media(9, 0, AVC_HEADER),
      media(8, 0, AAC_HEADER),
      media(9, 40, AVC_KEY),
      media(8, 42, AAC_RAW),
    )
    expect(events).toMatchObject([
      { type: 'media', packet: { kind: 'data', configuration: true } },
      { type: 'media', packet: { kind: 'video', configuration: true } },
      { type: 'media', packet: { kind: 'audio', configuration: true } },
      { type: 'media', packet: { kind: 'video', dts: 40, keyframe: true } },
      { type: 'media', packet: { kind: 'audio', dts: 42 } },
    ])
  })

  test('defect: players do not get the @setDataFrame that publishers put before metadata', () => {
    const [event] = publishing().push(
      media(18, 0, amf0('@setDataFrame', 'onMetaData', ecmaArray({ width: 64 }))),
    )
    expect(event).toMatchObject({ packet: { body: amf0('onMetaData', ecmaArray({ width: 64 })) } })
  })

  test('data in AMF3 (type 15) becomes AMF0', () => {
    const [event] = publishing().push(media(15, 7, join(hex('00'), amf0('onTextData', { text: 'hi' }))))
    expect(event).toMatchObject({
      type: 'media',
      packet: { kind: 'data', dts: 7, body: amf0('onTextData', { text: 'hi' }) },
    })
  })

  test('an aggregate gives its parts, on the clock of the messages', () => {
    // two FLV tags at 100 and 120 ms, each with its back pointer
    const body = join(
      hex('09 000006 000064 00 000000'),
      AVC_KEY.subarray(0, 6),
      hex('00000011'),
      hex('08 000004 000078 00 000000'),
      AAC_RAW,
      hex('0000000f'),
    )
    const events = publishing().push(
      media(9, 4000, AVC_HEADER),
      media(22, 5000, body),
      media(8, 5040, AAC_RAW),
    )
    expect(events.map((event) => event.type === 'media' && [event.packet.kind, event.packet.dts])).toEqual([
      ['video', 4000],
      ['video', 5000],
      ['audio', 5020],
      ['audio', 5040],
    ])
  })

  test('data in an aggregate, in AMF0 and AMF3; parts of other types are left out', () => {
    const part = (type: number, body: Uint8Array): Uint8Array =>
      // type | size | timestamp | timestamp high | stream id | body | back pointer
      join(Uint8Array.of(type, 0, 0, body.length), hex('000000 00 000000'), body, u32(body.length + 11))
    const text = amf0('onTextData', 1)
    const body = join(part(18, text), part(15, join(hex('00'), text)), part(20, text))
    expect(publishing().push(media(22, 60, body))).toMatchObject([
      { type: 'media', packet: { kind: 'data', dts: 60, body: text } },
      { type: 'media', packet: { kind: 'data', dts: 60, body: text } },
    ])
  })

  test('maxAggregateParts at n and n + 1', () => {
    const part = join(hex('08 000004 000000 00 000000'), AAC_RAW, hex('0000000f'))
    const harness = publishing({ maxAggregateParts: 2 })
    expect(harness.push(media(22, 0, join(part, part)))).toHaveLength(2)
    expect(harness.push(media(22, 0, join(part, part, part)))).toMatchObject([
      { type: 'unpublish' },
      { type: 'close', code: 'ERR_RTMP_AGGREGATE_PARTS' },
    ])
  })

  test('defect: the clock goes on beyond 2^32 ms, audio and video together', () => {
    const late = (messageTypeId: 8 | 9, timestamp: number, body: Uint8Array): Uint8Array =>
      // fmt 0 with an extended timestamp
      join(
        hex('04 ffffff'),
        Uint8Array.of(0, 0, body.length, messageTypeId),
        hex('01000000'),
        u32(timestamp),
        body,
      )
    const events = publishing().push(
      late(9, 0xffff_fff0, AVC_KEY),
      late(8, 0xffff_fffa, AAC_RAW),
      media(8, 5, AAC_RAW),
      media(9, 24, AVC_KEY),
    )
    expect(events.map((event) => event.type === 'media' && event.packet.dts - 2 ** 32)).toEqual([
      -16, -6, 5, 24,
    ])
  })

  test('zero-length audio and video are packets', () => {
    expect(publishing().push(media(9, 0, hex('')), media(8, 0, hex('')))).toMatchObject([
      { type: 'media', packet: { kind: 'video', configuration: false } },
      { type: 'media', packet: { kind: 'audio', configuration: false } },
    ])
  })

  test('before publish it is dropped and counted, and what comes while the decision is awaited is not', () => {
    const harness = connected()
    expect(harness.push(media(9, 0, AVC_HEADER), media(22, 0, hex('')), media(8, 0, AAC_HEADER))).toEqual([])
    expect(harness.session.ignoredMessageCount).toBe(3)
    expect(harness.push(streamCommand('publish', 5, 'cam', 'live'), media(9, 0, AVC_HEADER))).toHaveLength(1)
    harness.session.acceptPublish()
    expect(harness.events()).toMatchObject([{ type: 'media' }])
    expect(harness.session.ignoredMessageCount).toBe(3)
  })

  test('data outside a publish, and @clearDataFrame or |RtmpSampleAccess in one, is for the owner alone', () => {
    const data = { type: 'data', values: ['onTextData', 1] }
    expect(connected().push(media(18, 0, amf0('onTextData', 1)))).toMatchObject([data])
    const harness = publishing()
    expect(
      harness.push(
        media(18, 0, amf0('@clearDataFrame', 'onMetaData')),
        media(18, 0, amf0('@setDataFrame', '|RtmpSampleAccess', true, true)),
      ),
    ).toMatchObject([
      { type: 'data', values: ['@clearDataFrame', 'onMetaData'] },
      { type: 'data', values: ['@setDataFrame', '|RtmpSampleAccess', true, true] },
    ])
  })

  test('data that is no AMF is passed to the owner and ends nothing', () => {
    expect(publishing().push(media(18, 0, hex('02 ffff 61')), media(8, 0, AAC_RAW))).toMatchObject([
      { type: 'unknown', message: { messageTypeId: 18 } },
      { type: 'media' },
    ])
  })

  test('defect: a command that is no AMF, or nested too deep, ends the session with one reason', () => {
    const deep = join(amf0('publish', 1), ...Array.from({ length: 100 }, () => hex('03 0001 61')))
    for (const body of [hex('ff'), hex('02 0007 70756271 6c'), deep]) {
      const harness = publishing()
      const events = harness.push(message(20, body))
      expect(events).toMatchObject([{ type: 'unpublish' }, { type: 'close' }])
      expect(harness.session.phase).toBe('closed')
    }
  })

  test('shared objects, unknown types and undocumented user control events are events', () => {
    const events = publishing().push(
      message(19, hex('0001 61')),
      message(16, hex('00')),
      message(7, hex('00')),
      message(4, hex('001a 01'), { chunkStreamId: 2 }),
    )
    expect(events.map((event) => event.type === 'unknown' && event.message.type)).toEqual([
      'sharedObject',
      'sharedObject',
      'unknown',
      'userControl',
    ])
  })
})

describe('the end', () => {
  test('FCUnpublish, then deleteStream: FMLE, OBS', () => {
    const harness = publishing()
    expect(harness.push(command('FCUnpublish', 6, null, 'cam'))).toEqual([{ type: 'unpublish' }])
    expect(harness.output()).toEqual([
      'onFCUnpublish 0 NetStream.Unpublish.Success',
      '_result 6 undefined',
      'onStatus 0 NetStream.Unpublish.Success',
    ])
    expect(harness.push(command('deleteStream', 7, null, 1))).toMatchObject([
      { type: 'command', handled: true },
    ])
    expect(harness.output()).toEqual([])
    expect(harness.session.phase).toBe('idle')
  })

  test.each(['deleteStream', 'closeStream'])('defect: %s alone ends it', (name) => {
    const harness = publishing()
    expect(harness.push(command(name, 6, null, 1))).toEqual([{ type: 'unpublish' }])
    expect(harness.output()).toEqual(['onStatus 0 NetStream.Unpublish.Success'])
  })

  test('FCUnpublish without a publish is answered', () => {
    const harness = connected()
    expect(harness.push(command('FCUnpublish', 6, null, 'cam'))).toMatchObject([
      { type: 'command', handled: true },
    ])
    expect(harness.output()).toContain('_result 6 undefined')
  })

  test('publish again on the same connection, on a clock of its own', () => {
    const harness = publishing()
    harness.push(media(9, 9_000_000, AVC_KEY), command('FCUnpublish', 6, null, 'cam'))
    harness.output()
    expect(
      harness.push(command('createStream', 7, null), streamCommand('publish', 8, 'cam2', 'live')),
    ).toMatchObject([{ type: 'command' }, { type: 'publish', streamName: 'cam2' }])
    harness.session.acceptPublish()
    expect(harness.output()).toEqual(['_result 7 1', 'onStatus 0 NetStream.Publish.Start'])
    expect(harness.push(media(9, 20, AVC_KEY))).toMatchObject([{ type: 'media', packet: { dts: 20 } }])
  })

  test('a second publish ends the first one; nothing is announced before its decision', () => {
    const harness = publishing()
    expect(harness.push(streamCommand('publish', 8, 'cam2', 'live'))).toMatchObject([
      { type: 'unpublish' },
      { type: 'publish', streamName: 'cam2' },
    ])
    expect(harness.session.awaitingDecision).toBe('publish')
    expect(harness.output()).toEqual([])
  })

  test('play after publish', () => {
    const harness = publishing()
    expect(harness.push(streamCommand('play', 8, 'cam2'))).toMatchObject([
      { type: 'unpublish' },
      { type: 'play', streamName: 'cam2' },
    ])
  })

  test('a session that closes while publishing says so first', () => {
    const harness = publishing()
    harness.session.close('kicked')
    expect(harness.events()).toMatchObject([{ type: 'unpublish' }, { type: 'close', code: 'closed' }])
  })

  test('what was decoded before a broken chunk is delivered before the end', () => {
    const harness = publishing()
    const broken = hex('c9') // fmt 3 on a chunk stream that nothing came on
    expect(harness.push(join(media(8, 0, AAC_RAW), media(8, 23, AAC_RAW), broken))).toMatchObject([
      { type: 'media' },
      { type: 'media' },
      { type: 'unpublish' },
      { type: 'close', code: 'ERR_CHUNK_NO_PREVIOUS_HEADER' },
    ])
  })
})

test('every split of a session gives the same events and the same output', () => {
  const bytes = join(
    HELLO,
    command('releaseStream', 2, null, 'cam'),
    streamCommand('publish', 3, 'cam', 'live'),
    media(9, 0, AVC_HEADER),
    media(8, 10, AAC_RAW),
    command('FCUnpublish', 4, null, 'cam'),
  )
  const run = (parts: readonly Uint8Array[]): unknown => {
    const harness = new ServerHarness()
    const types: string[] = []
    for (const part of parts) {
      harness.session.push(part, 0)
      for (
        let event = harness.session.readEvent();
        event !== undefined;
        event = harness.session.readEvent()
      ) {
        types.push(event.type)
        if (event.type === 'connect') harness.session.acceptConnect()
        if (event.type === 'publish') harness.session.acceptPublish()
      }
    }
    return { types, output: harness.output() }
  }
  const whole = run([bytes])
  for (let cut = C0C1C2.length; cut < bytes.length; cut++) {
    expect(run([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole)
  }
})

test('names are not ASCII: the length on the wire is in bytes', () => {
  // 02: string, length 5 in bytes, "caf" and é as two
  const name = { raw: join(hex('02 0005'), ascii('caf'), hex('c3a9')) }
  expect(connected().push(streamCommand('publish', 5, name, 'live'))).toMatchObject([{ streamName: 'café' }])
})
