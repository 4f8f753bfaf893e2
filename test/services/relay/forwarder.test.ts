import { Hub } from 'millrace/hub'
import { Forwarder, type ForwardTargets } from 'millrace/services/relay'
import { describe, expect, it } from 'vitest'
import { request } from '../requests.ts'
import { ForwardStage } from './stage.ts'

/** Streams that the target has. */
function targetStreams(stage: ForwardStage): string[] {
  return Array.from(stage.target.hub.sources, ({ streamPath }) => streamPath).toSorted()
}

describe('targets for all streams', () => {
  it('get every stream under the name that the URL says', async () => {
    const stage = new ForwardStage()
    const forwarder = stage.forwarder({
      vhost: 'example.com',
      targets: [
        'rtmp://target/a/key',
        'rtmp://target/b',
        'rtmp://target',
        'rtmp://target/[vhost]/[app]_[stream][param]',
        { url: ' rtmp://target/c/ ', name: 'third' },
      ],
    })
    const encoder = stage.encoder('/live/inst/show', 'avc-aac-bframes.flv', {
      request: request({ action: 'publish', param: '?token=1' }),
    })
    await encoder.send(1_000)
    expect(stage.dialled).toEqual([
      'rtmp://target/a/key',
      'rtmp://target/b/show',
      'rtmp://target/live/inst/show',
      'rtmp://target/example.com/live/inst_show?token=1',
      'rtmp://target/c/show',
    ])
    expect(targetStreams(stage)).toEqual([
      '/a/key',
      '/b/show',
      '/c/show',
      '/example.com/live/inst_show',
      '/live/inst/show',
    ])
    expect(forwarder.stats().map(({ name }) => name)).toEqual([
      'rtmp://target/a/***',
      'rtmp://target/b/***',
      'rtmp://target/live/inst/***',
      'rtmp://target/example.com/live/***',
      'third',
    ])
  })

  it('get the streams that are there already, and each that comes', async () => {
    const stage = new ForwardStage({ hub: { graceMs: 0 } })
    const early = stage.encoder('/live/early')
    await early.send(500)
    const forwarder = stage.forwarder({ targets: ['rtmp://target/copy'] })
    const late = stage.encoder('/live/late')
    await late.send(500)
    expect(targetStreams(stage)).toEqual(['/copy/early', '/copy/late'])
    expect(forwarder.stats(early.publisher.source).map(({ streamPath }) => streamPath)).toEqual([
      '/live/early',
    ])
    early.publisher.unpublish()
    await stage.advance(2_500)
    expect(targetStreams(stage)).toEqual(['/copy/late'])
    expect(forwarder.pushes).toHaveLength(1)
  })

  it('that fail concern no other', async () => {
    const stage = new ForwardStage({ target: { authorize: ({ streamName }) => streamName !== 'bad' } })
    const forwarder = stage.forwarder({ targets: ['rtmp://target/live/bad', 'rtmp://target/live/good'] })
    const news: string[] = []
    forwarder.on('connect', ({ url }) => news.push(`connect ${url}`))
    forwarder.on('lost', ({ source }, { code }, retryMs) =>
      news.push(`lost ${source.streamPath} ${code} ${retryMs}`),
    )
    forwarder.on('close', ({ url }) => news.push(`close ${url}`))
    const encoder = stage.encoder()
    await encoder.send(2_500)
    encoder.publisher.source.close()
    await stage.advance(3_000)
    expect(news).toEqual([
      'connect rtmp://target/live/***',
      'lost /live/show ERR_RTMP_REJECTED 1000',
      'lost /live/show ERR_RTMP_REJECTED 2000',
      'close rtmp://target/live/***',
      'close rtmp://target/live/***',
    ])
    expect(forwarder.pushes).toEqual([])
  })

  it('can be changed: what stays goes on', async () => {
    const stage = new ForwardStage()
    const forwarder = stage.forwarder({ targets: ['rtmp://target/a', 'rtmp://target/b'] })
    const encoder = stage.encoder()
    await encoder.send(500)
    forwarder.setTargets(['rtmp://target/b', 'rtmp://target/c', 'rtmp://target/c'])
    await encoder.send(2_500)
    expect(targetStreams(stage)).toEqual(['/b/show', '/c/show'])
    expect(stage.dialled).toHaveLength(3)
    expect(() => forwarder.setTargets(['s3cret'])).toThrow('Forwarder targets: ✖ not an RTMP URL')
    expect(targetStreams(stage)).toEqual(['/b/show', '/c/show'])
  })

  it('a listener that throws ends nothing', async () => {
    const stage = new ForwardStage()
    const forwarder = stage.forwarder({ targets: ['rtmp://target/a'] })
    forwarder.on('connect', () => {
      throw new Error('a bug of the application')
    })
    const encoder = stage.encoder()
    await encoder.send(500)
    expect(targetStreams(stage)).toEqual(['/a/show'])
  })
})

describe('a function that names targets', () => {
  it('is asked for each publisher, and what it names again goes on', async () => {
    const stage = new ForwardStage()
    const asked: unknown[] = []
    let answer: ForwardTargets = ['rtmp://target/a', 'rtmp://target/b']
    stage.forwarder({
      targets: async ({ streamPath, userData }) => {
        asked.push(streamPath, userData)
        return await Promise.resolve(answer)
      },
    })
    const encoder = stage.encoder('/live/show', 'avc-aac-bframes.flv', { userData: 7 })
    await encoder.send(500)
    answer = ['rtmp://target/b']
    encoder.publisher.unpublish()
    const again = stage.encoder('/live/show')
    await again.send(2_500)
    expect(asked).toEqual(['/live/show', 7, '/live/show', undefined])
    expect(targetStreams(stage)).toEqual(['/b/show'])
    expect(stage.dialled).toHaveLength(2)
  })

  it('that fails is asked again, later each time, while the stream goes on', async () => {
    const stage = new ForwardStage()
    let asked = 0
    const forwarder = stage.forwarder({
      targets: () => {
        if (++asked === 1) throw new Error('no database')
        if (asked === 2) return Promise.reject(new Error('still none'))
        if (asked === 3) return [7] as never
        return ['rtmp://target/a']
      },
    })
    const errors: string[] = []
    forwarder.on('targetsError', (error, { streamPath }) => {
      errors.push(`${streamPath} ${(error as Error).message.split('\n')[0]}`)
    })
    const encoder = stage.encoder()
    await encoder.send(500)
    expect(asked).toBe(1)
    await encoder.send(7_000)
    expect(errors).toEqual([
      '/live/show no database',
      '/live/show still none',
      expect.stringContaining('/live/show Forwarder targets: ✖ Invalid input') as string,
    ])
    expect(targetStreams(stage)).toEqual(['/a/show'])
    expect(encoder.publisher.ended).toBeUndefined()
  })

  it('that is required ends the publisher when it fails', async () => {
    const stage = new ForwardStage()
    stage.forwarder({ targetsRequired: true, targets: () => Promise.reject(new Error('no backend')) })
    const { publisher } = stage.encoder()
    await stage.settle()
    expect(publisher.ended).toBe('kicked')
  })

  it('is told when its publisher has gone; a late answer is ignored', async () => {
    const stage = new ForwardStage()
    const signals: AbortSignal[] = []
    const answers: ((targets: ForwardTargets) => void)[] = []
    stage.forwarder({
      targets: (_publisher, signal) => {
        signals.push(signal)
        return new Promise((resolve) => {
          answers.push(resolve)
        })
      },
    })
    const first = stage.encoder()
    await first.send(500)
    first.publisher.unpublish()
    expect(signals[0]!.aborted).toBe(true)
    const second = stage.encoder()
    answers[1]!(['rtmp://target/b'])
    await second.send(500)
    answers[0]!(['rtmp://target/a'])
    await second.send(500)
    expect(targetStreams(stage)).toEqual(['/b/show'])
    expect(signals[1]!.aborted).toBe(false)
  })

  it('may name no more than maxTargets', async () => {
    const stage = new ForwardStage()
    let count = 3
    const urls = ['rtmp://target/a', 'rtmp://target/b', 'rtmp://target/c']
    const forwarder = stage.forwarder({ maxTargets: 2, targets: () => urls.slice(0, count) })
    const errors: unknown[] = []
    forwarder.on('targetsError', (error) => errors.push(error))
    const encoder = stage.encoder()
    await encoder.send(500)
    expect(errors).toMatchObject([
      { name: 'LimitError', code: 'ERR_FORWARD_TARGETS', message: '3 targets, at most 2' },
    ])
    expect(stage.dialled).toEqual([])
    count = 2
    await encoder.send(1_000)
    expect(targetStreams(stage)).toEqual(['/a/show', '/b/show'])
  })
})

describe('start and stop', () => {
  it('forward one stream beside its targets, until it closes', async () => {
    const stage = new ForwardStage()
    const forwarder = stage.forwarder({ targets: ['rtmp://target/a'] })
    const encoder = stage.encoder()
    const { source } = encoder.publisher
    expect(forwarder.isStarted(source)).toBe(false)
    forwarder.start(source, ['rtmp://target/b', 'rtmp://target/c'])
    await encoder.send(500)
    expect(targetStreams(stage)).toEqual(['/a/show', '/b/show', '/c/show'])
    forwarder.start(source, ['rtmp://target/c'])
    await encoder.send(2_500)
    expect(targetStreams(stage)).toEqual(['/a/show', '/c/show'])
    expect(forwarder.isStarted(source)).toBe(true)
    let stopped = false
    void forwarder.stop(source).then(() => (stopped = true))
    await encoder.send(2_500)
    expect(stopped).toBe(true)
    expect(forwarder.isStarted(source)).toBe(false)
    expect(targetStreams(stage)).toEqual(['/a/show'])
    await forwarder.stop(source)
    expect(() => forwarder.start(source, ['http://target/x'])).toThrow(TypeError)
    source.close()
    expect(() => forwarder.start(source, ['rtmp://target/b'])).toThrow(RangeError)
    await forwarder.stop(source)
  })
})

describe('a loop', () => {
  it('is cut: what comes back is not sent again', async () => {
    const stage = new ForwardStage()
    // The target of the forward is the hub that it is from.
    const loops: string[] = []
    const forwarder = new Forwarder({
      hub: stage.target.hub,
      targets: ['rtmp://target/[app]/[stream]_copy'],
      connect: stage.connect,
      clock: stage.target.clock,
    })
    forwarder.on('loop', ({ streamPath }, publisher) =>
      loops.push(`${streamPath} ${String(publisher.ended)}`),
    )
    const encoder = await stage.target.publish('show')
    const { packets } = stage.encoder('/x/y')
    for (const packet of packets.slice(0, 100)) encoder.write(packet)
    await stage.advance(5_000)
    expect(targetStreams(stage)).toEqual(['/live/show', '/live/show_copy'])
    expect(loops).toEqual(['/live/show_copy undefined'])
    void forwarder.close()
    await stage.advance(2_500)
  })
})

describe('options', () => {
  it('that are wrong are refused, without a word of the URL', () => {
    const hub = new Hub()
    expect(() => new Forwarder({ hub, targets: ['rtmp://target/live', 'http://host/s3cret'] })).toThrow(
      TypeError,
    )
    expect(() => new Forwarder({ hub, targets: ['http://host/s3cret'] })).not.toThrow('s3cret')
    expect(() => new Forwarder({ hub, target: [] } as never)).toThrow('target')
    expect(hub.listenerCount('publish')).toBe(0)
  })

  it('a signal closes it', async () => {
    const stage = new ForwardStage()
    const gone = new AbortController()
    const forwarder = stage.forwarder({ targets: ['rtmp://target/a'], signal: gone.signal })
    const encoder = stage.encoder()
    await encoder.send(500)
    gone.abort()
    await stage.advance(2_500)
    expect(forwarder.pushes).toEqual([])
    expect(targetStreams(stage)).toEqual([])
    expect(stage.hub.listenerCount('publish')).toBe(0)
    const late = stage.forwarder({ targets: ['rtmp://target/a'], signal: gone.signal })
    expect(late.pushes).toEqual([])
  })
})
