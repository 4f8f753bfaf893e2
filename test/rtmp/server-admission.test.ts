import fc from 'fast-check'
import type { RtmpServerEvent } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { command, media, message, streamCommand, u32 } from '../support/rtmp-bytes.ts'
import { connected, HELLO, ServerHarness } from './session-harness.ts'

const PUBLISH = streamCommand('publish', 5, 'cam', 'live')
const PLAY = streamCommand('play', 5, 'cam')
const AUDIO = media(8, 0, hex('af 01 00'))

describe('while a decision is awaited', () => {
  test('defect: nothing is announced before accept, neither of connect nor of publish nor of play', () => {
    const harness = new ServerHarness()
    harness.push(HELLO)
    expect(harness.output()).toEqual([])
    harness.session.acceptConnect()
    harness.output()
    for (const bytes of [PUBLISH, PLAY]) {
      harness.push(bytes)
      harness.sleep(60_000)
      expect(harness.output()).toEqual([])
      expect(harness.session.nextTimeoutMs).toBeUndefined()
      if (bytes === PUBLISH) harness.session.acceptPublish()
      harness.output()
      if (bytes === PUBLISH) harness.push(command('FCUnpublish', 6, null))
      harness.output()
    }
  })

  test('events are withheld, in one push or in later ones, and come after it', () => {
    const harness = connected()
    expect(harness.push(join(PUBLISH, AUDIO), AUDIO, command('FCUnpublish', 6, null))).toMatchObject([
      { type: 'publish' },
    ])
    expect(harness.session.awaitingDecision).toBe('publish')
    harness.session.acceptPublish()
    expect(harness.events().map((event) => event.type)).toEqual(['media', 'media', 'unpublish'])
  })

  test('pings and calls wait, too', () => {
    const harness = connected()
    const ping = message(4, join(hex('0006'), u32(7)), { chunkStreamId: 2 })
    harness.push(PUBLISH, ping, command('createStream', 6, null))
    expect(harness.output()).toEqual([])
    harness.session.acceptPublish()
    harness.events()
    expect(harness.output()).toEqual(['onStatus 0 NetStream.Publish.Start', 'pingResponse 7', '_result 6 1'])
  })

  test('a decision for something else does nothing', () => {
    const harness = connected()
    harness.push(PUBLISH)
    const { session } = harness
    expect([
      session.acceptConnect(),
      session.acceptPlay(),
      session.rejectPlay('x'),
      session.rejectConnect('x'),
    ]).toEqual([false, false, false, false])
    expect(harness.output()).toEqual([])
    expect(session.awaitingDecision).toBe('publish')
    expect(session.acceptPublish()).toBe(true)
    expect(session.acceptPublish()).toBe(false)
    expect(session.rejectPublish('late')).toBe(false)
  })

  test('a decision that nobody asked for does nothing', () => {
    const { session } = connected()
    expect([session.acceptPublish(), session.acceptPlay(), session.rejectPublish('x')]).toEqual([
      false,
      false,
      false,
    ])
    expect(session.takeOutput()).toEqual([])
  })

  test('a late decision, after the client has gone, does nothing', () => {
    for (const bytes of [PUBLISH, PLAY]) {
      const harness = connected()
      harness.push(bytes)
      harness.session.close('the client has gone')
      expect(harness.events()).toMatchObject([{ type: 'close', reason: 'the client has gone' }])
      const { session } = harness
      expect([
        session.acceptPublish(),
        session.acceptPlay(),
        session.rejectPublish('x'),
        session.rejectPlay('x'),
      ]).toEqual([false, false, false, false])
      expect(harness.events()).toEqual([])
      expect(harness.output()).toEqual([])
      expect(session.awaitingDecision).toBeUndefined()
    }
  })

  test('maxPendingBytes at n and n + 1', () => {
    const harness = connected({ maxPendingBytes: 2 * AUDIO.length })
    harness.push(PUBLISH)
    harness.push(AUDIO, AUDIO)
    harness.session.acceptPublish()
    expect(harness.events()).toHaveLength(2)
    const other = connected({ maxPendingBytes: 2 * AUDIO.length })
    other.push(PUBLISH)
    expect(other.push(AUDIO, AUDIO, AUDIO)).toMatchObject([
      { type: 'close', code: 'ERR_RTMP_PENDING_BYTES', error: { name: 'LimitError' } },
    ])
    expect(other.session.acceptPublish()).toBe(false)
    expect(other.output()).toEqual([])
  })

  test('broken bytes among the withheld ones end the session after the decision', () => {
    const harness = connected()
    harness.push(PUBLISH)
    expect(harness.push(AUDIO, hex('c9'))).toEqual([])
    harness.session.acceptPublish()
    expect(harness.events()).toMatchObject([
      { type: 'media' },
      { type: 'unpublish' },
      { type: 'close', code: 'ERR_CHUNK_NO_PREVIOUS_HEADER' },
    ])
  })

  test('broken bytes in the push of the command end it at once', () => {
    const harness = connected()
    expect(harness.push(join(PUBLISH, hex('c9')))).toMatchObject([
      { type: 'publish' },
      { type: 'close', code: 'ERR_CHUNK_NO_PREVIOUS_HEADER' },
    ])
    expect(harness.session.acceptPublish()).toBe(false)
  })
})

test('maxCommandBytes: a longer command ends the session before anything is made of it', () => {
  const call = command('hello', 2, null, 'x'.repeat(100)) // 12 bytes of header, the body, a fmt 3 header behind each 128 bytes of it
  const bodyBytes = 3 + 5 + 9 + 1 + 3 + 100
  expect(connected({ maxCommandBytes: bodyBytes }).push(call)).toMatchObject([{ type: 'command' }])
  expect(connected({ maxCommandBytes: bodyBytes - 1 }).push(call)).toMatchObject([
    { type: 'close', code: 'ERR_RTMP_COMMAND_BYTES', error: { name: 'LimitError' } },
  ])
})

test('maxOutputBytes: output that nobody takes ends the session', () => {
  const ask = command('createStream', 2, null)
  const answerBytes = 12 + 29 // header; "_result", 2, null, 1
  const harness = connected({ maxOutputBytes: 100 * answerBytes })
  expect(harness.push(...Array.from({ length: 101 }, () => ask))).toHaveLength(101) // n bytes wait when the last is sent
  expect(harness.push(ask)).toMatchObject([
    { type: 'command' },
    { type: 'close', code: 'ERR_RTMP_OUTPUT', error: { name: 'LimitError' } },
  ])
})

/** Steps of a client, and of an owner who decides whenever it likes. */
type Step = 'deliver' | 'decide' | 'refuse' | 'close' | 'timeout'

test('any interleaving of bytes, decisions, timeouts and close keeps the order of events', () => {
  const script = [
    HELLO,
    command('createStream', 2, null),
    PUBLISH,
    AUDIO,
    AUDIO,
    streamCommand('closeStream', 0),
    PLAY,
  ]
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constant<Step>('deliver') },
    { weight: 6, arbitrary: fc.constant<Step>('decide') },
    { weight: 1, arbitrary: fc.constantFrom<Step>('refuse', 'close', 'timeout') },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 400 }), (steps, pieceBytes) => {
      const harness = new ServerHarness()
      const { session } = harness
      const bytes = join(...script)
      const seen: RtmpServerEvent['type'][] = []
      let at = 0
      let asked: string | undefined
      const take = (): void => {
        for (const event of harness.events()) {
          // Withheld: nothing but the end may come while a decision is awaited.
          expect(asked === undefined || event.type === 'close').toBe(true)
          expect(seen).not.toContain('close')
          asked =
            event.type === 'connect' || event.type === 'publish' || event.type === 'play'
              ? event.type
              : undefined
          seen.push(event.type)
        }
      }
      for (const next of steps) {
        const waited = asked !== undefined && next !== 'decide' && next !== 'refuse'
        if (next === 'deliver') {
          session.push(bytes.subarray(at, at + pieceBytes * 10), harness.nowMs)
          at = Math.min(bytes.length, at + pieceBytes * 10)
        } else if (next === 'close') session.close('x')
        else if (next === 'timeout') session.handleTimeout((harness.nowMs += 3000))
        else if (session.awaitingDecision !== undefined) {
          const { awaitingDecision } = session
          asked = undefined
          if (next === 'refuse') {
            if (awaitingDecision === 'connect') session.rejectConnect('no')
            else if (awaitingDecision === 'publish') session.rejectPublish('no')
            else session.rejectPlay('no')
          } else if (awaitingDecision === 'connect') session.acceptConnect()
          else if (awaitingDecision === 'publish') session.acceptPublish()
          else session.acceptPlay()
        }
        take()
        const output = harness.output()
        expect(waited ? output : []).toEqual([])
      }
      session.close('end')
      asked = undefined
      take()
      expect(seen.filter((type) => type === 'close')).toHaveLength(1)
      expect(seen.at(-1)).toBe('close')
      const expected = ['connect', 'command', 'publish', 'media', 'media', 'play']
      const main = seen.filter((type) => type !== 'close' && type !== 'unpublish' && type !== 'stop')
      expect(main).toEqual(expected.slice(0, main.length))
    }),
    { seed: 5, numRuns: fuzzRuns(300) },
  )
})

describe('memory of a client that was not let in yet', () => {
  /** So many bytes of a message that lacks its last one: video on chunk stream 6. */
  const begun = (bytes: number): Uint8Array =>
    message(9, new Uint8Array(bytes + 1), {
      chunkStreamId: 6,
      messageStreamId: 1,
      chunkSize: 65_536,
    }).subarray(0, -1)
  const CHUNKS = message(1, u32(65_536), { chunkStreamId: 2 }) // Set Chunk Size
  const codeOf = (events: readonly RtmpServerEvent[]): unknown => events.find(({ type }) => type === 'close')

  test.each([
    ['before connect', (options: object) => new ServerHarness(options)],
    ['before publish', (options: object) => connected(options)],
  ])('%s is bounded', (_, open) => {
    const fits = open({ maxUnadmittedBytes: 40_000 })
    const hello = fits.session.phase === 'handshake' ? HELLO.subarray(0, 1 + 2 * 1536) : new Uint8Array(0)
    expect(codeOf(fits.push(hello, CHUNKS, begun(40_000)))).toBeUndefined()
    const tooMuch = open({ maxUnadmittedBytes: 40_000 })
    expect(codeOf(tooMuch.push(hello, CHUNKS, begun(40_001)))).toMatchObject({
      code: 'ERR_CHUNK_ASSEMBLING_BYTES',
    })
  })

  test.each(['publish', 'play'] as const)('grows with an accepted %s, and stays', (what) => {
    const harness = connected({ maxUnadmittedBytes: 40_000, chunk: { maxAssemblingBytes: 60_001 } })
    harness.push(what === 'publish' ? PUBLISH : PLAY)
    // What comes meanwhile waits, unread.
    expect(harness.push(CHUNKS, begun(60_000))).toEqual([])
    if (what === 'publish') harness.session.acceptPublish()
    else harness.session.acceptPlay()
    expect(codeOf(harness.events())).toBeUndefined()
    harness.push(new Uint8Array(1), streamCommand('closeStream', 6))
    expect(codeOf(harness.push(begun(60_000)))).toBeUndefined()
    expect(codeOf(harness.push(new Uint8Array(1), begun(60_002)))).toMatchObject({
      code: 'ERR_CHUNK_ASSEMBLING_BYTES',
    })
  })

  test('is never more than that of others', () => {
    const harness = connected({ maxUnadmittedBytes: 40_000, chunk: { maxAssemblingBytes: 30_000 } })
    expect(codeOf(harness.push(CHUNKS, begun(30_001)))).toMatchObject({ code: 'ERR_CHUNK_ASSEMBLING_BYTES' })
  })
})
