import { Hub, type HubOptions, VirtualClock } from 'millrace/hub'
import { type Ingest, Ingester, type IngesterOptions, type WorkerExit } from 'millrace/services/ffmpeg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { clipPath } from '../../support/clips.ts'
import { argumentsOf, fakeFfmpeg } from './fake-ffmpeg.ts'

const CLIP = clipPath('avc-aac-bframes.flv')
/** In the place of an encoder: the clip at once. */
const PLAY = `head -c 60000 '${CLIP}' >&3`

async function stage(
  ingest: Partial<Ingest>,
  code: string,
  options: Partial<IngesterOptions> = {},
  hubOptions: HubOptions = {},
) {
  const clock = new VirtualClock()
  const hub = new Hub(hubOptions, clock)
  const ffmpeg = await fakeFfmpeg(code)
  const one: Ingest = { name: 'one', streamPath: '/live/one', ...ingest }
  const ingester = new Ingester({ hub, clock, ffmpeg, niceness: 0, ingests: [one], ...options })
  onTestFinished(() => ingester.close())
  return { clock, hub, ffmpeg, ingester }
}

function exitOf(ingester: Ingester): Promise<WorkerExit> {
  return new Promise((resolve) => ingester.once('exit', (_name, exit) => resolve(exit)))
}

const FOREVER = 'exec sleep 1000'

describe('an ingest', () => {
  it('is published from its first keyframe on, until its program ends', async () => {
    const { hub, ingester } = await stage({ file: 'x.flv' }, `${PLAY}; ${FOREVER}`)
    await expect.poll(() => hub.source('/live/one')?.log.start()).toBeDefined()
    expect(hub.source('/live/one')!.publisher!.userData).toEqual({ ingest: 'one' })
    expect(ingester.stats()).toMatchObject([
      { name: 'one', streamPath: '/live/one', state: 'running', live: true },
    ])
    expect(ingester.service.list!()).toMatchObject([{ name: 'one', live: true }])
    await ingester.close()
    expect(hub.source('/live/one')!.publisher).toBeUndefined()
    expect(ingester.stats()).toMatchObject([{ state: 'idle', live: false }])
  })

  it('of a file is over when it is not to be looped', async () => {
    const { ingester } = await stage({ file: 'x.flv', loop: false }, PLAY)
    await exitOf(ingester)
    expect(ingester.stats()).toMatchObject([{ state: 'ended', live: false }])
  })

  it('of a remote stream is opened again, without end', async () => {
    const { clock, ingester } = await stage({ url: 'rtsp://192.0.2.1/1' }, 'exit 0')
    for (let i = 0; i < 12; i++) {
      await exitOf(ingester)
      expect(ingester.stats()).toMatchObject([{ state: 'waiting', starts: i + 1 }])
      clock.advance(30_000)
    }
  })

  it('is given up where that is said', async () => {
    const { ingester } = await stage({ url: 'rtsp://192.0.2.1/1' }, 'exit 1', { maxRestarts: 0 })
    const gone: string[] = []
    ingester.on('giveUp', (name, { reason }) => gone.push(`${name}: ${reason}`))
    await exitOf(ingester)
    expect(gone).toEqual(['one: exited with 1'])
  })

  it('that gives nothing is opened again', async () => {
    const { clock, ingester } = await stage({ url: 'rtsp://192.0.2.1/1', stallMs: 5_000 }, FOREVER)
    await expect.poll(() => ingester.stats()[0]!.state).toBe('running')
    clock.advance(5_000)
    expect(await exitOf(ingester)).toMatchObject({ reason: 'stalled: nothing for 5000 ms' })
  })

  it('whose stream is ended by somebody is opened again later', async () => {
    const { hub, ingester } = await stage({ file: 'x.flv' }, `${PLAY}; ${FOREVER}`)
    await expect.poll(() => hub.source('/live/one')?.publisher).toBeDefined()
    hub.source('/live/one')!.publisher!.kick()
    expect(await exitOf(ingester)).toMatchObject({ reason: 'its stream was ended: kicked' })
    expect(ingester.stats()).toMatchObject([{ state: 'waiting' }])
  })

  it('waits where its name is in use', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({ secondPublisher: 'take-over' }, clock)
    const other = hub.publish('/live/one')
    const ffmpeg = await fakeFfmpeg(`${PLAY}; ${FOREVER}`)
    const ingester = new Ingester({
      hub,
      clock,
      ffmpeg,
      ingests: [{ name: 'one', streamPath: '/live/one', file: 'x' }],
    })
    onTestFinished(() => ingester.close())
    await expect.poll(() => ingester.stats()[0]!.problem).toBe('/live/one is being published')
    expect(other.ended).toBeUndefined()
  })

  it('keeps passwords out of its log', async () => {
    const url = 'rtsp://admin:hunter2hunter2@192.0.2.1/1'
    const { ingester } = await stage({ url }, 'echo "$@" hunter2hunter2 >&2; exit 1')
    await exitOf(ingester)
    const log = ingester.stats()[0]!.log.join()
    expect(log).toContain('rtsp://***@192.0.2.1/1')
    expect(log).not.toContain('hunter2')
  })
})

describe('its arguments', () => {
  it.each<[string, Partial<Ingest>, string, string]>([
    [
      'a file in a loop',
      { file: '/a/b.mp4' },
      '-re -stream_loop -1 -protocol_whitelist crypto,data,file -i file:/a/b.mp4',
      '-c:v copy',
    ],
    [
      'a file once, as fast as it goes',
      { file: '/a/-i', loop: false, realTime: false },
      '-stats_period 1 -protocol_whitelist crypto,data,file -i file:/a/-i',
      '-c:a copy',
    ],
    [
      'a camera',
      { url: 'rtsp://192.0.2.1/1', audio: 'none' },
      '-stats_period 1 -rtsp_transport tcp -protocol_whitelist crypto,data,http,httpproxy,https,rtmp,rtmps,rtp,rtsp,rtsps,srt,srtp,tcp,tls,udp -i rtsp:',
      '-an',
    ],
    [
      'HLS',
      { url: 'https://192.0.2.1/a.m3u8' },
      '-stats_period 1 -re -protocol_whitelist',
      '-i https://192.0.2.1/a.m3u8',
    ],
    [
      'one that is encoded',
      { url: 'srt://192.0.2.1:9', video: { bitrateKbps: 500, height: 480 }, audio: {} },
      '-i srt://192.0.2.1:9',
      '-b:v 500000 -maxrate:v 500000 -bufsize:v 1000000',
    ],
  ])('of %s', async (_what, ingest, begin, end) => {
    const { ffmpeg } = await stage(ingest, FOREVER)
    const read = async (): Promise<string> => (await argumentsOf(ffmpeg).catch(() => [])).join(' ')
    await expect.poll(read).toContain(begin)
    const line = await read()
    expect(line).toContain(end)
  })

  it.each<[string, object]>([
    ['neither file nor url', {}],
    ['both', { file: 'a', url: 'http://a/b' }],
    ['a file as url', { url: 'file:///etc/passwd' }],
    ['a list of files as url', { url: 'concat:/etc/passwd|b' }],
    ['an option as url', { url: '-i' }],
    ['no app', { file: 'a', streamPath: '/one' }],
  ])('%s are refused', (_what, ingest) => {
    const ingests = [{ name: 'one', streamPath: '/live/one', ...ingest }] as Ingest[]
    expect(() => new Ingester({ hub: new Hub(), ingests })).toThrow(TypeError)
  })

  it('two of one stream are refused', () => {
    const ingests = ['a', 'b'].map((name) => ({ name, streamPath: '/live/one' as const, file: 'x' }))
    expect(() => new Ingester({ hub: new Hub(), ingests })).toThrow('two have one stream')
  })
})
