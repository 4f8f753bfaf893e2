import { expect, it } from 'vitest'
import { type Clip, CLIPS, clipPath } from '../support/clips.ts'
import { decodeErrors } from '../support/ffprobe.ts'
import { publishClip, startLiveServer, whenWaiting } from '../support/live-server.ts'
import { countsOf, fromFirst } from '../support/read-packets.ts'
import { describeWithTool } from '../support/tools.ts'
import { readPackets } from './peers/ffmpeg8.ts'

const SPEED = 8

it.each(CLIPS)('FFmpeg 8.1 plays %s over HTTP-FLV', async (clip) => {
  const { hub, httpUrl } = await startLiveServer()
  const playing = readPackets(`${httpUrl}.flv`)
  await whenWaiting(hub)
  await publishClip(hub, clip, SPEED)
  const received = fromFirst(await playing)
  const sent = fromFirst(await readPackets(clipPath(clip))).slice(0, 2)
  expect(countsOf(received)).toEqual(countsOf(sent))
  expect(received).toEqual(sent)
})

it('FFmpeg 8.1 gets every track over HTTP-FLV when it asks', async () => {
  const { hub, httpUrl } = await startLiveServer()
  const clip = 'hevc-opus-two-audio-tracks.ertmp.flv'
  const playing = readPackets(`${httpUrl}.flv?tracks=all`)
  await whenWaiting(hub)
  await publishClip(hub, clip, SPEED)
  expect(fromFirst(await playing)).toEqual(fromFirst(await readPackets(clipPath(clip))))
})

describeWithTool('ffmpeg', 'ffmpeg 5.1', () => {
  it.each<Clip>(['avc-aac-bframes.flv', 'avc-mp3.flv'])(
    'decodes %s over HTTP-TS without a complaint',
    async (clip) => {
      const { hub, httpUrl } = await startLiveServer()
      const decoding = decodeErrors(`${httpUrl}.ts`)
      await whenWaiting(hub)
      await publishClip(hub, clip, SPEED)
      // FFmpeg takes the end of a stream without a length for a broken one.
      const complaints = (await decoding)
        .split('\n')
        .filter((line) => !/prematurely|Input\/output error|repeated/.test(line))
      expect(complaints.join('\n').trim()).toBe('')
    },
  )
})
