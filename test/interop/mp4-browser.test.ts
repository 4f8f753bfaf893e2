import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { demuxFlv } from 'millrace/flv'
import { FragmentedMp4Muxer } from 'millrace/mp4'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Clip, readClip } from '../support/clips.ts'
import { withAdts, withSetsInBand } from '../support/in-band.ts'
import { clipMp4, finishedMp4, fragmentedMp4 } from '../support/mp4.ts'
import { describeWithTool } from '../support/tools.ts'
import { launchChromium, type Page } from './peers/chromium.ts'

/** Content type with the codec strings that the muxer gives. */
function typeOf(clip: Clip): string {
  const muxer = new FragmentedMp4Muxer()
  for (const packet of demuxFlv(readClip(clip))) muxer.write(packet)
  return `video/mp4; codecs="${muxer.tracks.map(({ codecString }) => codecString).join()}"`
}

/** A clip of an encoder that puts everything in band: no sequence header, parameter sets in keyframes, ADTS before AAC. */
function inBandMp4(clip: Clip): Uint8Array {
  return fragmentedMp4(withAdts(withSetsInBand(demuxFlv(readClip(clip)), 'none'), 'none'))
}

/** Plays to the end, four times as fast, and tells what was seen. */
const SCRIPT = `
  async function show(video) {
    document.body.append(video)
    video.muted = true
    video.playbackRate = 4
    await new Promise((resolve, reject) => {
      video.onended = resolve
      video.onerror = () => reject(new Error(video.error.message))
      video.play().catch(reject)
    })
    return {
      size: video.videoWidth + 'x' + video.videoHeight,
      duration: video.duration,
      end: video.currentTime,
      pictures: video.webkitDecodedFrameCount,
      sound: video.webkitAudioDecodedByteCount,
    }
  }
  async function playAll(clips, play) {
    return Object.fromEntries(await Promise.all(clips.map(async (clip) => [clip, await play(clip)])))
  }
  function playFile(url) {
    const video = document.createElement('video')
    video.src = url
    return show(video)
  }
  async function seekFile(url, times) {
    const video = document.createElement('video')
    video.muted = true
    video.src = url
    document.body.append(video)
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve
      video.onerror = () => reject(new Error(video.error.message))
    })
    const shown = []
    for (const time of times) {
      const picture = new Promise((resolve) => {
        video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime))
      })
      video.currentTime = time
      shown.push(await picture)
    }
    return shown
  }
  async function playSource(url, type) {
    const video = document.createElement('video')
    const source = new MediaSource()
    video.src = URL.createObjectURL(source)
    await new Promise((resolve) => { source.onsourceopen = resolve })
    const buffer = source.addSourceBuffer(type)
    buffer.appendBuffer(await (await fetch(url)).arrayBuffer())
    await new Promise((resolve, reject) => {
      buffer.onupdateend = resolve
      buffer.onerror = () => reject(new Error('append failed'))
    })
    const ranges = Array.from({ length: buffer.buffered.length }, (_, i) => [buffer.buffered.start(i), buffer.buffered.end(i)])
    source.endOfStream()
    video.currentTime = ranges[0][0]
    return { ...(await show(video)), ranges }
  }`

interface Facts {
  readonly size: string
  readonly duration: number
  readonly end: number
  readonly pictures: number
  readonly sound: number
  readonly ranges?: readonly (readonly [number, number])[]
}

/** The clips whose codecs Chromium has (it has no HEVC of its own), and what playing them to the end comes to. */
const PLAYABLE: Partial<
  Record<Clip, { readonly pictures: number; readonly seconds: number; readonly sound: boolean }>
> = {
  'avc-aac-bframes.flv': { pictures: 200, seconds: 8.02, sound: true },
  'avc-mp3.flv': { pictures: 150, seconds: 6.03, sound: true },
  'audio-only-aac.flv': { pictures: 0, seconds: 6.04, sound: true },
  'video-only-avc.flv': { pictures: 150, seconds: 6, sound: false },
  'av1-opus.ertmp.flv': { pictures: 150, seconds: 6.02, sound: true },
  'vp9-opus.ertmp.flv': { pictures: 150, seconds: 6.02, sound: true },
  'avc-flac.ertmp.flv': { pictures: 150, seconds: 6, sound: true },
}
const CLIPS = Object.keys(PLAYABLE) as Clip[]
/** Chromium plays MP3 in MP4 files, but takes none through Media Source Extensions. */
const APPENDABLE = CLIPS.filter((clip) => clip !== 'avc-mp3.flv')

function expectPlayed(facts: Record<string, Facts>): void {
  for (const [clip, { size, duration, end, pictures, sound }] of Object.entries(facts)) {
    const expected = PLAYABLE[clip as Clip]!
    expect([clip, size]).toEqual([clip, expected.pictures === 0 ? '0x0' : '320x180'])
    expect([clip, sound > 10_000]).toEqual([clip, expected.sound])
    // A busy machine may skip pictures at this rate.
    expect(pictures).toBeGreaterThanOrEqual(expected.pictures / 2)
    expect(duration).toBeCloseTo(expected.seconds, 1)
    expect(end).toBe(duration)
  }
}

describeWithTool('chromium', 'MP4 in Chromium', () => {
  let server: Server
  let page: Page
  let closeBrowser: () => Promise<void>

  beforeAll(async () => {
    server = createServer((request, response) => {
      const [, form, clip] = (request.url ?? '').split('/')
      if (form === '' || clip === undefined) {
        response.setHeader('content-type', 'text/html').end('<!doctype html><body>')
        return
      }
      const fragmented = form === 'in-band' ? inBandMp4(clip as Clip) : clipMp4(clip as Clip)
      const file = form === 'finished' || form === 'in-band' ? finishedMp4(fragmented) : fragmented
      response.setHeader('content-type', 'video/mp4')
      const [, first] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? []
      if (first === undefined) {
        response.end(file)
        return
      }
      // A browser seeks in what can be had in parts.
      response.setHeader('content-range', `bytes ${first}-${file.length - 1}/${file.length}`)
      response.writeHead(206).end(file.subarray(Number(first)))
    })
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
    const browser = await launchChromium()
    closeBrowser = browser.close
    page = await browser.context.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page.addScriptTag({ content: SCRIPT })
  })
  afterAll(async () => {
    await closeBrowser()
    server.close()
  })

  it('plays files with their index in front to the end', async () => {
    const facts = await page.evaluate<Record<string, Facts>>(
      `playAll(${JSON.stringify(CLIPS)}, (clip) => playFile('/finished/' + clip))`,
    )
    expect(Object.keys(facts)).toEqual(CLIPS)
    expectPlayed(facts)
  })

  it('plays what came without sequence headers', async () => {
    const facts = await page.evaluate<Record<string, Facts>>(
      `playAll(['avc-aac-bframes.flv'], (clip) => playFile('/in-band/' + clip))`,
    )
    expectPlayed(facts)
  })

  it('seeks to any picture, back and forth, whether it is a keyframe or not', async () => {
    const times = [5, 2, 4.5, 0.5, 3.1]
    const clips = CLIPS.filter((clip) => PLAYABLE[clip]!.pictures > 0)
    const shown = await page.evaluate<Record<string, readonly number[]>>(
      `playAll(${JSON.stringify(clips)}, (clip) => seekFile('/finished/' + clip, ${JSON.stringify(times)}))`,
    )
    for (const clip of clips) {
      for (const [i, time] of times.entries()) {
        // The picture of that time: 25 a second. Where sound comes first, pictures are not on the grid.
        const early = time - shown[clip]![i]!
        expect([clip, time, early > -0.001 && early < 0.041]).toEqual([clip, time, true])
      }
    }
  })

  it('plays fragmented files through Media Source Extensions, without a gap', async () => {
    const types = Object.fromEntries(APPENDABLE.map((clip) => [clip, typeOf(clip)]))
    const facts = await page.evaluate<Record<string, Facts>>(
      `playAll(${JSON.stringify(APPENDABLE)}, (clip) => playSource('/fragmented/' + clip, ${JSON.stringify(types)}[clip]))`,
    )
    expect(Object.keys(facts)).toEqual(APPENDABLE)
    expectPlayed(facts)
    for (const { ranges } of Object.values(facts)) expect(ranges).toHaveLength(1)
  })
})
