import { getPriority } from 'node:os'
import { expect, vi } from 'vitest'
import { clipPath } from '../../support/clips.ts'
import { argumentsOf, fakeFfmpeg } from '../../services/ffmpeg/fake-ffmpeg.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

/** In the place of ffmpeg: the clip at once, then nothing. */
const PLAY = `cat '${clipPath('avc-aac-bframes.flv')}' >&3; exec sleep 1000`

async function withInput(
  input: string,
  script = PLAY,
  section = '',
): Promise<TestServer & { readonly ffmpeg: string }> {
  const ffmpeg = await fakeFfmpeg(script)
  const one = `{ name: one, stream: /live/one, ${input} }`
  return { ...(await startWith(`ingest: { ffmpeg: ${ffmpeg}, inputs: [${one}], ${section} }`)), ffmpeg }
}

async function argumentsFor(input: string): Promise<string> {
  const { ffmpeg } = await withInput(input)
  return await vi.waitFor(async () => (await argumentsOf(ffmpeg)).join(' '), 5_000)
}

async function logs({ lines }: TestServer, pattern: RegExp): Promise<RegExpExecArray> {
  return await vi.waitFor(() => {
    const match = pattern.exec(lines.join('\n'))
    expect(match).not.toBeNull()
    return match!
  }, 5_000)
}

tryKeys('ingest', {
  async ffmpeg() {
    const input = '{ name: one, stream: /live/one, file: a }'
    const { lines } = await startWith(`ingest: { ffmpeg: no-such-ffmpeg, inputs: [${input}] }`)
    expect(lines.join('\n')).toContain('ingest is off: no-such-ffmpeg is not a usable ffmpeg')
  },
  async 'inputs[].name'() {
    await logs(await withInput('file: a.mp4'), /ingest one: started, pid \d+/)
  },
  async 'inputs[].stream'() {
    const { hub } = await withInput('file: a.mp4')
    await vi.waitFor(() => expect(hub.source('/live/one')?.log.start()).toBeDefined(), 5_000)
  },
  async 'inputs[].file'() {
    expect(await argumentsFor('file: /a/b.mp4')).toContain('-i file:/a/b.mp4')
    await expect(withInput('loop: true')).rejects.toThrow('needs a file or a url')
  },
  async 'inputs[].url'() {
    expect(await argumentsFor('url: srt://192.0.2.1:9000')).toContain('-i srt://192.0.2.1:9000')
    await expect(withInput('url: file:///etc/passwd')).rejects.toThrow('must be an rtsp')
  },
  async 'inputs[].loop'() {
    expect(await argumentsFor('file: a')).toContain('-stream_loop -1')
    expect(await argumentsFor('file: a, loop: false')).not.toContain('-stream_loop')
  },
  async 'inputs[].realTime'() {
    expect(await argumentsFor('file: a')).toContain(' -re ')
    expect(await argumentsFor('file: a, realTime: false')).not.toContain(' -re ')
  },
  async 'inputs[].rtspTransport'() {
    expect(await argumentsFor('url: rtsp://192.0.2.1/1')).toContain('-rtsp_transport tcp')
    expect(await argumentsFor('url: rtsp://192.0.2.1/1, rtspTransport: udp')).toContain('-rtsp_transport udp')
  },
  async 'inputs[].stallMs'() {
    await logs(
      await withInput('file: a, stallMs: 50', 'exec sleep 1000'),
      /ingest one: stalled: nothing for 50 ms/,
    )
  },
  async 'inputs[].video'() {
    expect(await argumentsFor('file: a, video: { height: 90, upscale: true }')).toContain('-vf scale=-2:90')
  },
  async 'inputs[].audio'() {
    expect(await argumentsFor('file: a, audio: { codec: libmp3lame }')).toContain('-c:a libmp3lame')
  },
  async maxRestarts() {
    await logs(await withInput('file: a', 'exit 1', 'maxRestarts: 0'), /ingest one given up: exited with 1/)
  },
  async niceness() {
    const server = await withInput('file: a', PLAY, 'niceness: 19')
    const [, pid] = await logs(server, /ingest one: started, pid (\d+)/)
    expect(getPriority(Number(pid))).toBe(19)
  },
})
