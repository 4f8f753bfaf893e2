import { Hub, reject, redirect } from 'millrace/hub'
import { packetFromTag } from 'millrace/media'
import { DEFAULT_CAPABILITIES } from 'millrace/rtmp'
import { StreamPush } from 'millrace/services/relay'
import { describe, expect, it } from 'vitest'
import { hex } from '../../support/bytes.ts'
import { ForwardStage, Received, words } from './stage.ts'

/** A server that does not mind its own silence. */
const PATIENT = { stallTimeoutMs: 0, session: { mediaTimeoutMs: 0, pingIntervalMs: 0 } }

const CONFIGURATION = ['data configuration', 'audio configuration', 'video configuration']

describe('a push', () => {
  it('begins with the configuration and a keyframe at time 0, and is whole', async () => {
    const stage = new ForwardStage()
    const received = new Received(stage.target.hub)
    const encoder = stage.encoder()
    await encoder.send(3_000)
    const push = stage.push(encoder.publisher.source)
    await encoder.send(2_000)
    expect(push.state).toBe('connected')
    expect(stage.target.hub.source('/live/key')!.publisher).toBeDefined()
    expect(received.last.slice(0, 4).map(words)).toEqual([...CONFIGURATION, 'keyframe 0'])
    const first = encoder.publisher.source.consume({ gopsBack: 9 })
    expect(first.read()).toBeDefined()
    const sent = received.last.filter(({ coded }) => coded)
    expect(sent.at(-1)!.dts).toBeGreaterThan(1_900)
    expect(push.stats()).toMatchObject({
      state: 'connected',
      attempts: 1,
      connects: 1,
      failure: undefined,
      streamPath: '/live/show',
      skips: 0,
      sentPackets: received.last.length,
    })
    expect(push.stats().sentBytes).toBeGreaterThan(50_000)
  })

  it('waits for media, and dials nobody before', async () => {
    const stage = new ForwardStage()
    const encoder = stage.encoder()
    const push = stage.push(encoder.publisher.source)
    await stage.advance(60_000)
    expect(push.state).toBe('idle')
    expect(stage.dialled).toEqual([])
    await encoder.send(200)
    expect(push.state).toBe('connected')
  })

  it('ends in order with its source, after the grace time', async () => {
    const stage = new ForwardStage({ hub: { graceMs: 5_000 } })
    const encoder = stage.encoder()
    await encoder.send(1_000)
    const push = stage.push(encoder.publisher.source)
    let events = ''
    push.on('close', () => (events += 'close '))
    await encoder.send(1_000)
    encoder.publisher.unpublish()
    await stage.advance(4_000)
    expect(push.state).toBe('connected')
    await stage.advance(2_000)
    await push.closed
    expect(events).toBe('close ')
    expect(push.state).toBe('closed')
    expect(stage.target.log).toContain('unpublish /live/key unpublished')
    expect(stage.dialled).toHaveLength(1)
  })

  it('keeps the connection while its publisher reconnects', async () => {
    const stage = new ForwardStage()
    const received = new Received(stage.target.hub)
    const first = stage.encoder()
    await first.send(1_000)
    const push = stage.push(first.publisher.source)
    await first.send(1_000)
    first.publisher.unpublish()
    await stage.advance(3_000)
    const second = stage.encoder()
    await second.send(2_000)
    expect(push.stats()).toMatchObject({ state: 'connected', connects: 1 })
    expect(received.packets).toHaveLength(1)
    const after = received.last.filter(({ keyframe, dts }) => keyframe && dts > 4_000)
    expect(after.length).toBeGreaterThan(0)
  })

  it('gets the live edge from a keyframe when its target was down for a minute', async () => {
    const stage = new ForwardStage({ target: { graceMs: 0 } })
    const received = new Received(stage.target.hub)
    const encoder = stage.encoder()
    await encoder.send(1_000)
    const push = stage.push(encoder.publisher.source)
    await encoder.send(2_000)
    stage.network = 'down'
    for (const far of stage.far) far.destroy()
    await encoder.send(60_000, 500)
    const { attempts } = push.stats()
    expect(push.state).toBe('waiting')
    // 1, 2, 4, 8, 16 and 30 s apart.
    expect(attempts).toBe(6)
    expect(push.stats().failure).toEqual({ code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' })
    stage.network = 'up'
    await encoder.send(31_000, 500)
    expect(push.stats()).toMatchObject({ state: 'connected', connects: 2, failure: undefined })
    expect(received.packets).toHaveLength(2)
    // What it sends is what the encoder sends now.
    const consumer = encoder.publisher.source.consume()
    let newest = consumer.read()
    while (newest?.keyframe === false) newest = consumer.read()
    const keyframes = received.last.filter(({ keyframe }) => keyframe)
    expect(keyframes.at(-1)!.body).toEqual(newest!.body)
  })

  it('waits longer each time, and begins anew after a connection that held', async () => {
    const stage = new ForwardStage()
    const encoder = stage.encoder()
    await encoder.send(1_000)
    const push = stage.push(encoder.publisher.source, { retry: { minMs: 100, maxMs: 1_000, heldMs: 5_000 } })
    const waits: number[] = []
    push.on('lost', (_failure, retryMs) => waits.push(retryMs))
    await encoder.send(1_000)
    stage.network = 'down'
    stage.far.at(-1)!.destroy()
    await encoder.send(3_000)
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000])
    stage.network = 'up'
    await encoder.send(1_500)
    expect(push.state).toBe('connected')
    // Did not hold for 5 s.
    stage.far.at(-1)!.destroy()
    await encoder.send(1_500)
    expect(waits.at(-1)).toBe(1_000)
    await encoder.send(6_000)
    stage.far.at(-1)!.destroy()
    await encoder.send(200)
    expect(waits.at(-1)).toBe(100)
  })

  it('does not dial while the publisher is away', async () => {
    const stage = new ForwardStage()
    const encoder = stage.encoder()
    await encoder.send(1_000)
    const push = stage.push(encoder.publisher.source)
    await encoder.send(1_000)
    encoder.publisher.unpublish()
    stage.far.at(-1)!.destroy()
    await stage.advance(5_000)
    expect(push.state).toBe('idle')
    expect(stage.dialled).toHaveLength(1)
    const again = stage.encoder()
    await stage.advance(1_000)
    expect(push.state).toBe('idle')
    await again.send(500)
    expect(push.state).toBe('connected')
  })

  it('is closed at any time, also by a signal', async () => {
    const stage = new ForwardStage()
    const gone = new AbortController()
    const { publisher } = stage.encoder()
    const idle = stage.push(publisher.source, { signal: gone.signal })
    await stage.settle()
    gone.abort()
    await idle.closed
    expect(idle.state).toBe('closed')
    const late = stage.push(publisher.source, { signal: gone.signal })
    await late.closed
    await late.close()
  })
})

describe('a target', () => {
  it('that says nothing is given up, and tried again', async () => {
    const stage = new ForwardStage()
    stage.network = 'silent'
    const encoder = stage.encoder()
    await encoder.send(1_000)
    const push = stage.push(encoder.publisher.source)
    await encoder.send(9_000, 500)
    expect(push.state).toBe('connecting')
    await encoder.send(1_500, 500)
    expect(push.stats().failure).toEqual({
      code: 'ERR_RTMP_CONNECT_TIMEOUT',
      message: 'the server did not start within 10000 ms',
    })
    stage.network = 'up'
    await encoder.send(2_000)
    expect(push.state).toBe('connected')
  })

  it('that stops reading holds up neither the stream nor others, and is given up', async () => {
    const stage = new ForwardStage({ server: PATIENT })
    const encoder = stage.encoder()
    await encoder.send(1_000)
    stage.windowBytes = 20_000
    const slow = stage.push(encoder.publisher.source, {
      url: 'rtmp://target/live/slow',
      client: { maxWriteBytes: 20_000 },
    })
    await encoder.send(500)
    const stuck = stage.far.at(-1)!
    stage.windowBytes = 1_048_576
    const fast = stage.push(encoder.publisher.source, { url: 'rtmp://target/live/fast' })
    await encoder.send(500)
    stuck.pause()
    await encoder.send(20_000)
    expect(slow.stats()).toMatchObject({ state: 'connected', skips: 0 })
    expect(slow.stats().lagMs).toBeGreaterThan(3_000)
    expect(slow.stats().queuedBytes).toBeLessThan(100_000)
    expect(fast.stats()).toMatchObject({ state: 'connected', skips: 0, lagMs: 0 })
    expect(encoder.publisher.source.stats().cachedMs).toBeLessThan(12_000)
    // 30 s, and up to a quarter of that until somebody looks.
    for (let tries = 0; slow.state === 'connected' && tries < 20; tries++) await encoder.send(1_000)
    expect(slow.stats().connects).toBe(1)
    expect(slow.stats().failure?.code).toBe('ERR_RTMP_STALLED')
    // As long as the target takes the old connection for alive it refuses another.
    await encoder.send(2_000)
    expect(slow.stats().failure?.code).toBe('ERR_RTMP_REJECTED')
    stuck.destroy()
    await encoder.send(8_000)
    expect(slow.stats()).toMatchObject({ state: 'connected', connects: 2 })
  })

  it('that is slow is sent the newest keyframe when it lags', async () => {
    const stage = new ForwardStage({ server: PATIENT })
    const encoder = stage.encoder()
    await encoder.send(1_000)
    stage.windowBytes = 20_000
    const slow = stage.push(encoder.publisher.source, { client: { maxWriteBytes: 20_000 } })
    await encoder.send(1_000)
    stage.far.at(-1)!.pause()
    await encoder.send(15_000)
    stage.far.at(-1)!.resume()
    await encoder.send(2_000)
    const { state, skips, skippedPackets, connects } = slow.stats()
    expect({ state, skips, connects }).toEqual({ state: 'connected', skips: 1, connects: 1 })
    expect(skippedPackets).toBeGreaterThan(100)
  })

  it('that refuses is quoted without the key, and tried again', async () => {
    let isTaken = true
    const stage = new ForwardStage({
      target: {
        authorize: ({ streamName }) => (isTaken ? reject(`${streamName} is not yours, s3cret-key!`) : true),
      },
    })
    const encoder = stage.encoder()
    await encoder.send(1_000)
    const push = stage.push(encoder.publisher.source, {
      url: 'rtmp://me:pa55word@target/live/s3cret-key?t=abcd',
    })
    await encoder.send(1_000)
    expect(push.stats()).toMatchObject({
      url: 'rtmp://target/live/***',
      name: 'rtmp://target/live/***',
      failure: {
        code: 'ERR_RTMP_REJECTED',
        message: expect.stringMatching(/^NetStream\.Publish\.\w+: \*\*\* is not yours, \*\*\*!$/) as string,
      },
    })
    isTaken = false
    await encoder.send(4_000)
    expect(push.state).toBe('connected')
  })

  it('that asks for a reconnect gets one, where it says', async () => {
    const stage = new ForwardStage()
    const encoder = stage.encoder()
    await encoder.send(1_000)
    const push = stage.push(encoder.publisher.source, { url: 'rtmp://target/live/key?t=1' })
    await encoder.send(1_000)
    const [connection] = stage.target.server.connections
    connection!.session.requestReconnect('//other:1936/elsewhere')
    connection!.flush()
    await encoder.send(2_500)
    expect(push.stats()).toMatchObject({ state: 'connected', connects: 2 })
    expect(stage.dialled).toEqual(['rtmp://target/live/key?t=1', 'rtmp://other:1936/elsewhere/key?t=1'])
    // Only once: what comes next is the target as it was named.
    stage.far.at(-1)!.destroy()
    await encoder.send(5_000)
    expect(stage.dialled.at(-1)).toBe('rtmp://target/live/key?t=1')
  })

  it('gets all tracks when it reads several, and the default track when it does not say so', async () => {
    const clip = 'hevc-opus-two-audio-tracks.ertmp.flv'
    for (const capabilities of ['declared', 'none'] as const) {
      const stage = new ForwardStage({
        server:
          capabilities === 'none'
            ? {
                session: {
                  capabilities: { capsEx: 0, videoFourCcInfoMap: { '*': 4 }, audioFourCcInfoMap: { '*': 4 } },
                },
              }
            : {},
      })
      const received = new Received(stage.target.hub)
      const encoder = stage.encoder('/live/show', clip)
      await encoder.send(500)
      stage.push(encoder.publisher.source)
      await encoder.send(1_000)
      const multitrack = received.last.filter((packet) => packet.multitrack)
      expect(multitrack.length > 0).toBe(capabilities === 'declared')
      expect(received.last.filter(({ kind }) => kind === 'audio').length).toBeGreaterThan(20)
      expect(received.last.some(({ codec }) => codec === 'hvc1')).toBe(true)
    }
  })

  it('from before Enhanced RTMP gets H.264 and AAC in their old form, and other codecs as they came', async () => {
    for (const capabilities of ['none', DEFAULT_CAPABILITIES] as const) {
      const stage = new ForwardStage()
      const received = new Received(stage.target.hub)
      const publisher = stage.hub.publish('/live/show')
      // Without capabilities of the client the server tells none of its own.
      stage.push(publisher.source, { client: { session: { capabilities } } })
      const messages = [
        [9, '90 61 76 63 31 01 64 00 1e ff e0 00'], // SequenceStart, 'avc1'
        [9, '93 61 76 63 31 00 00 00 01 65'], // CodedFramesX
        [8, '91 6d 70 34 61 21'], // CodedFrames, 'mp4a'
        [8, '91 4f 70 75 73 fc'], // CodedFrames, 'Opus'
      ] as const
      for (const [i, [type, body]] of messages.entries()) {
        publisher.write(packetFromTag(type, i * 20, hex(body)))
      }
      await stage.advance(200)
      expect(received.last.map(({ body }) => body[0]!.toString(16))).toEqual(
        capabilities === 'none' ? ['17', '17', 'af', '91'] : ['90', '93', '91', '91'],
      )
    }
  })

  it('that excludes a codec is told of it, and tried again', async () => {
    const stage = new ForwardStage({
      server: {
        session: {
          capabilities: {
            capsEx: 0,
            videoFourCcInfoMap: { av01: 1, hvc1: 2 },
            audioFourCcInfoMap: { '*': 4 },
          },
        },
      },
    })
    const encoder = stage.encoder('/live/show', 'hevc-aac.ertmp.flv')
    await encoder.send(500)
    const push = stage.push(encoder.publisher.source)
    await encoder.send(500)
    expect(push.stats()).toMatchObject({
      state: 'waiting',
      failure: { code: 'ERR_FORWARD_CODEC', message: 'the target takes no video in hvc1' },
    })
    expect(stage.target.hub.source('/live/key')).toBeUndefined()
  })
})

describe('options', () => {
  const { source } = new Hub().publish('/live/show')

  it.each([
    ['http://target/live/key', 'not an RTMP URL'],
    ['rtmpe://target/live/key', 'rtmpe: URLs'],
    ['s3cret', 'not an RTMP URL'],
  ])('%s is no target', (url, message) => {
    expect(() => new StreamPush({ source, url })).toThrow(TypeError)
    expect(() => new StreamPush({ source, url })).toThrow(message)
    expect(() => new StreamPush({ source, url })).not.toThrow('s3cret')
  })

  it('that are unknown or make no sense are refused', () => {
    const url = 'rtmp://target/live/key'
    expect(() => new StreamPush({ source, url, retries: 3 } as never)).toThrow('retries')
    expect(() => new StreamPush({ source, url, retry: { minMs: -1 } })).toThrow('retry.minMs')
    expect(() => new StreamPush({ source, url, retry: { minMs: 2, maxMs: 1 } })).toThrow(RangeError)
    source.close()
    expect(() => new StreamPush({ source, url })).toThrow(RangeError)
  })

  it('redirects are followed by real connections only', async () => {
    const stage = new ForwardStage({ target: { authorize: () => redirect('rtmp://elsewhere/live') } })
    const encoder = stage.encoder()
    await encoder.send(500)
    const push = stage.push(encoder.publisher.source)
    await encoder.send(500)
    expect(push.stats().failure?.message).toContain('which a given stream cannot follow')
  })
})
