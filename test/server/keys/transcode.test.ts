import { getPriority } from 'node:os'
import { expect, vi } from 'vitest'
import { argumentsOf, fakeFfmpeg } from '../../services/ffmpeg/fake-ffmpeg.ts'
import { publish, publishClip } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

const LO = '{ name: lo }'

/** A server with one engine, in YAML, and what else there is in the section. */
async function withEngine(engine: string, section = ''): Promise<TestServer & { readonly ffmpeg: string }> {
  const ffmpeg = await fakeFfmpeg()
  const yaml = `transcode: { ffmpeg: ${ffmpeg}, engines: [{ name: one, ${engine} }], ${section} }`
  return { ...(await startWith(yaml)), ffmpeg }
}

/** What ffmpeg is started with for the clip. */
async function argumentsFor(engine: string, section = ''): Promise<string> {
  const server = await withEngine(engine, section)
  await publishClip(server)
  return await vi.waitFor(async () => (await argumentsOf(server.ffmpeg)).join(' '), 5_000)
}

async function streamsFor(engine: string): Promise<readonly string[]> {
  const server = await withEngine(engine)
  await publishClip(server)
  return await vi.waitFor(() => {
    const streams = Array.from(server.hub.sources, ({ streamPath }) => streamPath)
    expect(streams.length).toBeGreaterThan(1)
    return streams.slice(1)
  }, 5_000)
}

tryKeys('transcode', {
  async ffmpeg() {
    const off = await startWith('transcode: { ffmpeg: no-such-ffmpeg, engines: [] }')
    expect(off.lines.join('\n')).toContain('transcode is off: no-such-ffmpeg is not a usable ffmpeg')
    const { lines, ffmpeg } = await withEngine(`outputs: [${LO}]`)
    expect(lines.join('\n')).toContain(`transcode: ${ffmpeg} fake`)
  },
  async 'engines[].name'() {
    const server = await withEngine(`outputs: [${LO}]`)
    await publishClip(server)
    await vi.waitFor(
      () => expect(server.lines.join('\n')).toMatch(/transcode \/live\/show one: started, pid \d+/),
      5_000,
    )
  },
  async 'engines[].match'() {
    const server = await withEngine(`match: [other/*], outputs: [${LO}]`)
    await publishClip(server)
    await publish(server, '/other/show')
    const transcode = server.lines.filter((line) => line.includes('transcode /live'))
    expect(transcode).toEqual([])
  },
  async 'engines[].gopMs'() {
    expect(await argumentsFor('gopMs: 3000, outputs: [{ name: lo, video: { height: 90 } }]')).toContain(
      '*1000/3000)',
    )
  },
  async 'engines[].hwaccel'() {
    expect(await argumentsFor(`hwaccel: auto, outputs: [${LO}]`)).toContain('-hwaccel auto -max_pixels')
  },
  async 'engines[].outputs[].name'() {
    expect(await streamsFor(`outputs: [${LO}]`)).toEqual(['/live/show_lo'])
    await expect(withEngine(`outputs: [${LO}, ${LO}]`)).rejects.toThrow('another output')
  },
  async 'engines[].outputs[].stream'() {
    expect(await streamsFor("match: [live/*], outputs: [{ name: lo, stream: 'lo/[stream]' }]")).toEqual([
      '/lo/show',
    ])
    await expect(withEngine("outputs: [{ name: lo, stream: '[app]/[stream]' }]")).rejects.toThrow(
      'its own input',
    )
    await expect(withEngine("outputs: [{ name: lo, stream: 'lo/[stream]' }]")).rejects.toThrow(
      'its own input',
    )
  },
  async 'engines[].outputs[].video'() {
    expect(await argumentsFor(`outputs: [${LO}]`)).toContain('-c:v copy')
    const video =
      '{ height: 90, upscale: true, bitrateKbps: 100, preset: ultrafast, options: { tune: zerolatency } }'
    const encoded = await argumentsFor(`outputs: [{ name: lo, video: ${video} }]`)
    expect(encoded).toContain('-vf scale=-2:90,setsar=1 -c:v libx264 -preset ultrafast')
    expect(encoded).toContain('-tune:v zerolatency')
    await expect(withEngine('outputs: [{ name: lo, video: { options: { i: x } } }]')).rejects.toThrow(
      'let through: i',
    )
  },
  async 'engines[].outputs[].audio'() {
    expect(await argumentsFor(`outputs: [${LO}]`)).toContain('-c:a copy')
    expect(await argumentsFor('outputs: [{ name: lo, audio: none }]')).toContain('-an')
    const audio = '{ bitrateKbps: 48, sampleRate: 44100, channels: 1 }'
    expect(await argumentsFor(`outputs: [{ name: lo, audio: ${audio} }]`)).toContain(
      '-c:a aac -b:a 48000 -ar 44100 -ac 1',
    )
  },
  async maxWorkers() {
    const server = await withEngine(`outputs: [${LO}]`, 'maxWorkers: 1')
    await publish(server, '/live/one')
    await publish(server, '/live/two')
    await vi.waitFor(
      () => expect(server.lines.join('\n')).toContain('transcode /live/two one: 1 already running'),
      5_000,
    )
  },
  async maxRestarts() {
    const ffmpeg = await fakeFfmpeg('exit 1')
    const engine = `{ name: one, outputs: [${LO}] }`
    const server = await startWith(`transcode: { ffmpeg: ${ffmpeg}, maxRestarts: 0, engines: [${engine}] }`)
    await publishClip(server)
    await vi.waitFor(
      () => expect(server.lines.join('\n')).toContain('transcode /live/show one given up: exited with 1'),
      5_000,
    )
  },
  async niceness() {
    const server = await withEngine(`outputs: [${LO}]`, 'niceness: 19')
    await publishClip(server)
    await vi.waitFor(() => expect(server.lines.join('\n')).toMatch(/started, pid \d+/), 5_000)
    const pid = Number(/started, pid (\d+)/.exec(server.lines.join('\n'))![1])
    expect(getPriority(pid)).toBe(19)
  },
})
