import { Hub, type Publisher, type Source, VirtualClock } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import {
  TranscodedStream,
  Transcoder,
  type TranscoderOptions,
  type WorkerExit,
} from 'millrace/services/ffmpeg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { audio, audioConfig, inter, key, nameOf, videoConfig } from '../../hub/fakes.ts'
import { argumentsOf, fakeFfmpeg, fakeLadder } from './fake-ffmpeg.ts'

const ENGINE = { name: 'ladder', outputs: [{ name: 'lo' }] }
const LADDER = { name: 'ladder', outputs: [{ name: 'hi' }, { name: 'lo' }] }

/** A hub in virtual time, with a transcoder whose ffmpeg copies. */
async function stage(options: Partial<TranscoderOptions> = {}, code?: string) {
  const clock = new VirtualClock()
  const hub = new Hub({}, clock)
  const ffmpeg = await fakeFfmpeg(code)
  const transcoder = new Transcoder({ hub, clock, ffmpeg, engines: [ENGINE], niceness: 0, ...options })
  onTestFinished(() => transcoder.close())
  return { clock, hub, transcoder, ffmpeg }
}

function show(publisher: Publisher, dts: number): void {
  for (const packet of [
    audioConfig(dts, 1),
    videoConfig(dts, 2),
    key(dts, 3),
    audio(dts + 10, 4),
    inter(dts + 40, 5),
  ])
    publisher.write(packet)
}

/** The first `count` packets of a stream, as soon as it is there. */
async function packetsOf(hub: Hub, streamPath: string, count: number): Promise<MediaPacket[]> {
  const source = hub.source(streamPath) ?? (await published(hub, streamPath))
  const packets: MediaPacket[] = []
  for await (const packet of source.consume({ gopsBack: Infinity })) if (packets.push(packet) === count) break
  return packets
}

function published(hub: Hub, streamPath: string): Promise<Source> {
  return new Promise((resolve) => {
    const onPublish = (source: Source): void => {
      if (source.streamPath !== streamPath) return
      hub.off('publish', onPublish)
      resolve(source)
    }
    hub.on('publish', onPublish)
  })
}

function exited(transcoder: Transcoder): Promise<WorkerExit> {
  return new Promise((resolve) => transcoder.once('exit', (_path, _engine, exit) => resolve(exit)))
}

function started(transcoder: Transcoder): Promise<number> {
  return new Promise((resolve) => transcoder.once('start', (_path, _engine, pid) => resolve(pid)))
}

it('an ffmpeg that cannot be run leaves no reader behind at the stream', async () => {
  const { clock, hub, transcoder } = await stage({ ffmpeg: '/no/such/ffmpeg', maxRestarts: 1 })
  const publisher = hub.publish('/live/show')
  show(publisher, 0)
  expect(await exited(transcoder)).toMatchObject({ reason: 'spawn /no/such/ffmpeg ENOENT' })
  const again = exited(transcoder)
  clock.advance(60_000)
  await again
  expect(publisher.source.stats().consumers).toBe(0)
})

describe('a ladder', () => {
  it('publishes its outputs with the times of the original, each with what it is', async () => {
    const { clock, hub, transcoder } = await stage({ engines: [LADDER], ffmpeg: await fakeLadder() })
    const publisher = hub.publish('/live/show')
    publisher.write(key(0, 0))
    // Later ones are not at 0 by themselves.
    clock.advance(70_000)
    const original = publisher.source
    show(publisher, 5_000)
    const shown = (await packetsOf(hub, '/live/show_lo', 5)).map(
      (packet) => `${nameOf(packet)}@${packet.dts}`,
    )
    const begin = original.log.start()!.dts
    expect(shown).toEqual([
      `A!1@${begin}`,
      `V!2@${begin}`,
      `V3@${begin}`,
      `a4@${begin + 10}`,
      `v5@${begin + 40}`,
    ])
    const rendition = hub.source('/live/show_hi')!.publisher!.userData
    expect(rendition).toBeInstanceOf(TranscodedStream)
    expect(rendition).toMatchObject({
      of: '/live/show',
      streamPath: '/live/show_hi',
      engine: 'ladder',
      name: 'hi',
    })
    expect(transcoder.renditions('/live/show').map(({ streamPath }) => streamPath)).toEqual([
      '/live/show_hi',
      '/live/show_lo',
    ])
    expect(transcoder.renditions('/live/show_hi')).toEqual([])
  })

  it('is not made from what is a rendition itself', async () => {
    const { hub, transcoder } = await stage()
    show(hub.publish('/live/show'), 0)
    await packetsOf(hub, '/live/show_lo', 3)
    expect(Array.from(hub.sources, ({ streamPath }) => streamPath).toSorted()).toEqual([
      '/live/show',
      '/live/show_lo',
    ])
    expect(transcoder.stats()).toHaveLength(1)
  })

  it('gives out what its publisher sent last, then leaves; and is there again when it comes back', async () => {
    const { clock, hub, transcoder } = await stage()
    const publisher = hub.publish('/live/show')
    show(publisher, 0)
    await packetsOf(hub, '/live/show_lo', 3)
    publisher.write(inter(80, 6))
    publisher.unpublish()
    expect(await exited(transcoder)).toMatchObject({ reason: 'stopped', code: 0 })
    const { log, publisher: nobody } = hub.source('/live/show_lo')!
    expect([nameOf(log.at(log.head - 1)!), nobody, transcoder.stats()]).toEqual(['v6', undefined, []])
    clock.advance(1_000)
    const again = hub.publish('/live/show')
    show(again, 0)
    const { log: shown } = await published(hub, '/live/show_lo')
    await expect.poll(() => shown.start()?.dts).toBe(again.source.log.start()!.dts)
  })

  it('ends with its original, so that another one by that name begins at 0 in all its renditions', async () => {
    const { clock, hub, transcoder } = await stage()
    const publisher = hub.publish('/live/show')
    show(publisher, 0)
    await packetsOf(hub, '/live/show_lo', 3)
    publisher.unpublish()
    await exited(transcoder)
    expect(hub.stats().sources).toBe(2)
    clock.advance(10_000)
    await expect.poll(() => hub.stats().sources).toBe(0)
  })

  it('is started again when ffmpeg dies, and given up when it always does', async () => {
    const { clock, hub, transcoder } = await stage({ maxRestarts: 1 }, 'exit 4')
    const gone: string[] = []
    transcoder.on('giveUp', (streamPath, engine, { reason }) =>
      gone.push(`${streamPath} ${engine} ${reason}`),
    )
    const publisher = hub.publish('/live/show')
    show(publisher, 0)
    await exited(transcoder)
    expect(transcoder.stats()).toMatchObject([
      { state: 'waiting', starts: 1, lastExit: { reason: 'exited with 4' } },
    ])
    clock.advance(1_000)
    await exited(transcoder)
    expect([transcoder.stats()[0]!.state, gone]).toEqual(['failed', ['/live/show ladder exited with 4']])
  })

  it('goes on at the newest keyframe after a restart', async () => {
    const { clock, hub, transcoder } = await stage()
    const publisher = hub.publish('/live/show')
    show(publisher, 0)
    await packetsOf(hub, '/live/show_lo', 3)
    process.kill(transcoder.stats()[0]!.pid!, 'SIGKILL')
    expect(await exited(transcoder)).toMatchObject({ reason: 'killed by SIGKILL' })
    expect(hub.source('/live/show_lo')!.publisher).toBeUndefined()
    publisher.write(key(1_000, 7))
    const back = published(hub, '/live/show_lo')
    clock.advance(1_000)
    const { log } = await back
    await expect.poll(() => log.at(log.head - 1)?.dts).toBe(1_000)
    expect(transcoder.stats()).toMatchObject([{ starts: 2, skips: 0 }])
  })

  it('is started again when ffmpeg hangs, and not because its stream pauses', async () => {
    const { clock, hub, transcoder } = await stage()
    const publisher = hub.publish('/live/show')
    show(publisher, 0)
    await packetsOf(hub, '/live/show_lo', 3)
    clock.advance(120_000)
    expect(transcoder.stats()).toMatchObject([{ state: 'running', starts: 1 }])
    process.kill(transcoder.stats()[0]!.pid!, 'SIGSTOP')
    // More than a pipe holds.
    for (let i = 1; i < 20; i++) publisher.write(key(i * 100, i, 65_536))
    await expect
      .poll(() => transcoder.stats()[0]!.skips + hub.source('/live/show')!.consumerStats()[0]!.lagMs)
      .toBeGreaterThan(0)
    clock.advance(60_000)
    clock.advance(3_000)
    expect(await exited(transcoder)).toMatchObject({
      reason: 'stalled: nothing for 30000 ms',
      signal: 'SIGKILL',
    })
  })

  it('ends what writes no FLV', async () => {
    const garbage = "head -c 1100000 /dev/zero | tr '\\0' '\\377' >&3; exec sleep 1000"
    const { hub, transcoder } = await stage({}, garbage)
    show(hub.publish('/live/show'), 0)
    expect((await exited(transcoder)).reason).toMatch(/no FLV tag/)
  })
})

describe('an output whose name is in use', () => {
  it('says so, lets the others be, and takes the name at the first keyframe without its owner', async () => {
    const { hub, transcoder } = await stage({ engines: [LADDER], ffmpeg: await fakeLadder() })
    const squatter = hub.publish('/live/show_hi')
    await transcoder.service.stop({ vhost: '', source: squatter.source })
    const publisher = hub.publish('/live/show')
    show(publisher, 0)
    await packetsOf(hub, '/live/show_lo', 3)
    const outputs = (): unknown => transcoder.stats('/live/show')[0]!.outputs
    expect(outputs()).toMatchObject([
      { name: 'hi', live: false, problem: '/live/show_hi is being published' },
      { live: true },
    ])
    squatter.unpublish()
    publisher.write(key(2_000, 7))
    await expect.poll(outputs).toMatchObject([{ live: true, problem: undefined }, { live: true }])
    hub.source('/live/show_hi')!.publisher!.kick()
    expect(outputs()).toMatchObject([{ live: false, problem: 'kicked' }, { live: true }])
  })
})

describe('names that others choose', () => {
  it.each(['-i', ';rm$IFS-rf$IFS~', '.../etc/passwd', '$(id)', '%03d', 'pipe:1'])(
    '%s reaches no argument',
    async (name) => {
      const { hub, transcoder, ffmpeg } = await stage()
      show(hub.publish(`/live/${name}`), 0)
      await packetsOf(hub, `/live/${name}_lo`, 3)
      expect(transcoder.stats()[0]!.outputs.map(({ live }) => live)).toEqual([true])
      const args = await argumentsOf(ffmpeg)
      expect(args.filter((arg) => arg.includes(name) && arg !== '-i' && arg !== 'pipe:1')).toEqual([])
      expect(args.filter((arg) => arg === '-i')).toEqual(['-i'])
      expect(args[args.indexOf('-i') + 1]).toBe('pipe:0')
    },
  )
})

describe('which streams', () => {
  it('an engine applies to is said by its patterns; there may be several', async () => {
    const { hub, transcoder } = await stage({
      engines: [
        { name: 'one', match: ['cam/*', 'live/show'], outputs: [{ name: 'a' }] },
        { name: 'two', match: '*', outputs: [{ name: 'b', stream: '[app]-b/[stream]' }] },
      ],
    })
    for (const streamPath of ['/live/show', '/cam/1', '/live/other'] as const)
      show(hub.publish(streamPath), 0)
    const engines = transcoder.stats().map(({ streamPath, engine }) => `${streamPath} ${engine}`)
    expect(engines).toEqual([
      '/live/show one',
      '/live/show two',
      '/cam/1 one',
      '/cam/1 two',
      '/live/other two',
    ])
    await packetsOf(hub, '/live-b/other', 3)
  })

  it('are published already are transcoded too', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    show(hub.publish('/live/show'), 0)
    const transcoder = new Transcoder({
      hub,
      clock,
      ffmpeg: await fakeFfmpeg(),
      engines: [ENGINE],
      niceness: 0,
    })
    onTestFinished(() => transcoder.close())
    expect(await packetsOf(hub, '/live/show_lo', 3)).toHaveLength(3)
  })

  it('are too many is said: maxWorkers at a time', async () => {
    const { hub, transcoder } = await stage({ maxWorkers: 2 })
    const full: string[] = []
    transcoder.on('full', (streamPath) => full.push(streamPath))
    for (const name of ['a', 'b', 'c']) show(hub.publish(`/live/${name}`), 0)
    expect([transcoder.stats().length, full]).toEqual([2, ['/live/c']])
  })

  it('without media start nothing', async () => {
    const { hub, transcoder } = await stage()
    hub.publish('/live/show')
    await Promise.resolve()
    expect(transcoder.stats()).toMatchObject([{ state: 'starting', starts: 0 }])
    await transcoder.close()
    expect(transcoder.stats()).toEqual([])
  })
})

describe('as a service', () => {
  it('stops and starts by name what applies to a stream', async () => {
    const { hub, transcoder } = await stage()
    const { service } = transcoder
    const { source } = hub.publish('/live/show')
    show(source.publisher!, 0)
    await started(transcoder)
    const target = { vhost: '__defaultVhost__', source }
    expect(service.isRunning(target)).toBe(true)
    expect(service.status!(target)).toMatchObject({
      ladder: { state: 'running', starts: 1, outputs: { lo: expect.stringContaining('/live/show_lo: ') } },
    })
    expect(service.list!()).toHaveLength(1)
    await service.stop(target)
    expect([service.isRunning(target), transcoder.stats()]).toEqual([false, []])
    expect(() => service.start(target, { engines: ['other'] })).toThrow('no engine applies')
    expect(() => service.start(target, { path: '/etc' })).toThrow(TypeError)
    await service.start(target, { engines: ['ladder'] })
    await published(hub, '/live/show_lo')
    const rendition = { ...target, source: hub.source('/live/show_lo')! }
    expect(() => service.start(rendition, undefined)).toThrow('rendition')
    source.publisher!.unpublish()
    expect(() => service.start(target, undefined)).toThrow('has no publisher')
  })
})

describe('options that are wrong', () => {
  it.each<[string, object, RegExp]>([
    ['an output that is its own input', { outputs: [{ name: 'a', stream: '[stream]' }] }, /own input/],
    ['one output for all', { outputs: [{ name: 'a', stream: 'live/main' }] }, /\[stream\] is missing/],
    [
      'two outputs with one stream',
      {
        outputs: [
          { name: 'a', stream: 'x/[stream]' },
          { name: 'b', stream: 'x/[stream]' },
        ],
        match: 'live/*',
      },
      /another output/,
    ],
    [
      'two outputs with one name',
      { outputs: [{ name: 'a' }, { name: 'a', stream: '[stream]_b' }] },
      /named a/,
    ],
    ['no outputs', { outputs: [] }, /outputs/],
    ['neither video nor audio', { outputs: [{ name: 'a', video: 'none', audio: 'none' }] }, /neither/],
    ['an odd height', { outputs: [{ name: 'a', video: { height: 721 } }] }, /even/],
    [
      'an option of ffmpeg that is none of the encoder',
      { outputs: [{ name: 'a', video: { options: { i: '/etc/passwd' } } }] },
      /let through: i/,
    ],
    ['an encoder that looks like an option', { outputs: [{ name: 'a', video: { codec: '-y' } }] }, /encoder/],
    ['an unknown key', { outputs: [{ name: 'a', vcodec: 'libx264' }] }, /vcodec/],
    ['an unknown variable', { outputs: [{ name: 'a', stream: '[name]_a' }] }, /only \[app\]/],
  ])('%s', (_what, engine, message) => {
    const engines = [{ name: 'e', ...engine }] as unknown as TranscoderOptions['engines']
    expect(() => new Transcoder({ hub: new Hub(), engines })).toThrow(TypeError)
    expect(() => new Transcoder({ hub: new Hub(), engines })).toThrow(message)
  })
})
