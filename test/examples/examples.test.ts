import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/project.ts'
import { run } from '../support/process.ts'
import { tool } from '../support/tools.ts'

/** What each example prints, in lines or parts of lines. */
const PRINTS: Readonly<Record<string, readonly string[]>> = {
  '01-inspect-flv': ['video 0: avc1.64001e 640x360, 201 packets', '0 damaged bytes skipped'],
  '02-sessions-in-memory': ['client at 3 ms: publishing', 'server at 4 ms: media', '1 packet received'],
  '03-flv-to-hls': ['4 segments in '],
  '04-fan-out': ['fast player:', 'slow player:', 'consumer: 4 keyframes'],
  '05-admission': ['ada publishes /live/ada', 'NetStream.Publish.Denied: unknown stream key'],
  '06-relay': ['left got ', 'right got '],
  '07-express': ['page: your own pages', 'HLS: #EXT-X-STREAM-INF', 'HTTP-FLV: video/x-flv FLV'],
  '08-hono': ['HTTP-FLV: 200 video/x-flv', 'HLS: 200'],
  '09-fastify': ['page: your own pages', 'HLS: #EXT-X-STREAM-INF', 'HTTP-FLV: video/x-flv FLV'],
  '10-edge': ['edge: 2 players, origin: 1 player', 'NetStream.Play.StreamNotFound'],
  '11-testing': ['the publish time is limited', 'stream keys are checked'],
  '12-callbacks': [
    'guess: NetStream.Publish.Denied: unknown key',
    'backend: on_unpublish show ?key=k-7f3a',
    'lost: 0',
  ],
  '13-http-api': [
    'without credentials: 401',
    '/live/show: H264 640x360',
    '/live/show: keyframes counted',
    'the encoder was sent away: true',
  ],
  '14-reconnect': ['refused: NetStream.Publish.Denied: not allowed', 'failed: ', 'back: true'],
  '15-simulcast': [
    'third: connect ECONNREFUSED',
    'second takes the stream at rtmp://127.0.0.1:',
    '/live/***',
    'third: connected, 1 connection, packets: true',
  ],
  '16-record': ['.mp4: 2.0 s, segment', 'recording live/show.TIME.mp4, some media', 'show.flv: stopped'],
  '17-flv-to-mp4': ['4 fragments; avc1.64001e, mp4a.40.2, 8.0 s in '],
  '18-transcode': [
    'HLS: 320x180',
    'HLS: 160x90',
    'picture: some bytes, by ffmpeg',
    'running: /live/show_180p /live/show_90p',
    'ladder of /live/show: stopped',
  ],
  '19-transport-stream': ['577 packets, 0 units left out'],
}

const examples = readdirSync(join(ROOT, 'examples'))
  .filter((file) => /^\d/.test(file))
  .map((file) => file.replace('.ts', ''))

it('every example has a line here', () => {
  expect(Object.keys(PRINTS)).toEqual(examples)
})

const needsFfmpeg = ['18-transcode']
const runnable = examples.filter((name) => !needsFfmpeg.includes(name) || tool('ffmpeg') !== undefined)

// They wait for real time more than they work.
describe.concurrent('examples', () => {
  it.each(runnable)('%s runs to its end', async (name) => {
    const { code, stdout, stderr } = await run(process.execPath, [join(ROOT, `.build/examples/${name}.js`)])
    const missing = PRINTS[name]!.filter((line) => !stdout.toString().includes(line))
    expect({ code, missing, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, missing: [], stderr: '' })
  })
})
