import { demuxFlv } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'
import { RtmpClient } from 'millrace/node'
import { expect, it } from 'vitest'
import { readClip } from '../support/clips.ts'
import { publishClip, startLiveServer } from '../support/live-server.ts'
import { startNginxRtmp } from '../support/nginx-rtmp.ts'
import { freePort } from '../support/process.ts'
import { describeWithTool } from '../support/tools.ts'

const CLIP = 'avc-aac-bframes.flv'
const SPEED = 8

/** `live` takes and gives, `push` forwards to `upstream`, `pull` fetches from it. */
async function startNginx(upstream: string): Promise<string> {
  const { url } = await startNginxRtmp(
    `application live { live on; wait_key on; wait_video on; }
     application push { live on; push ${upstream}; }
     application pull { live on; pull ${upstream}; }`,
    await freePort(),
  )
  return url
}

async function collect(packets: AsyncIterable<MediaPacket>): Promise<MediaPacket[]> {
  const found: MediaPacket[] = []
  for await (const packet of packets) found.push(packet)
  return found
}

/** Sizes of the coded packets of a kind, from the first keyframe on. */
function sizes(packets: readonly MediaPacket[], kind: 'audio' | 'video'): number[] {
  const first = packets.findIndex((packet) => packet.keyframe)
  return packets
    .slice(first)
    .filter((packet) => packet.kind === kind && !packet.configuration && !packet.endOfSequence)
    .map((packet) => packet.payload.length)
}

/** Sends a clip to an RTMP URL, `SPEED` times as fast as it plays. */
async function send(url: string): Promise<void> {
  const client = await RtmpClient.publish(url)
  const startMs = performance.now()
  for (const packet of demuxFlv(readClip(CLIP))) {
    const waitMs = packet.dts / SPEED - (performance.now() - startMs)
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    client.write(packet)
  }
  await client.close()
}

const sent = demuxFlv(readClip(CLIP))

/** nginx passes on from the keyframe at which a relay or player is ready: the end of the clip, and most of it. */
function expectEnd(received: readonly MediaPacket[], kind: 'audio' | 'video'): void {
  const found = sizes(received, kind)
  expect(found.length).toBeGreaterThan(100)
  expect(found).toEqual(sizes(sent, kind).slice(-found.length))
}

describeWithTool(['nginx', 'nginx-rtmp'], 'nginx-rtmp', () => {
  it('takes what our client publishes and gives it to our client', async () => {
    const url = `${await startNginx('rtmp://127.0.0.1:1')}/live/show`
    const playing = RtmpClient.play(url)
    const sending = send(url)
    const player = await playing
    const received = collect(player)
    await sending
    await player.close()
    const packets = await received
    expectEnd(packets, 'video')
  })

  it('pushes to our server', async () => {
    const { hub, rtmpUrl } = await startLiveServer()
    const url = await startNginx(rtmpUrl)
    const published = new Promise<MediaPacket[]>((resolve, reject) => {
      hub.once('publish', (source) => {
        collect(source.consume({ maxLagMs: 60_000 })).then(resolve, reject)
      })
    })
    await send(`${url}/push/show`)
    const packets = await published
    expectEnd(packets, 'video')
    expectEnd(packets, 'audio')
  })

  it('pulls from our server', async () => {
    const { hub, rtmpUrl } = await startLiveServer()
    const url = await startNginx(rtmpUrl)
    const player = await RtmpClient.play(`${url}/pull/show`)
    const received = collect(player)
    await publishClip(hub, CLIP, SPEED)
    await player.close()
    const packets = await received
    expectEnd(packets, 'video')
  })

  it('tells our client its statuses and answers its calls', async () => {
    const client = await RtmpClient.publish(`${await startNginx('rtmp://127.0.0.1:1')}/live/show`)
    const codes: unknown[] = []
    client.on('connected', ({ information }) => codes.push(information['code']))
    client.on('status', ({ code }) => codes.push(code))
    // It answers createStream with the next message stream id, and nothing that it does not know.
    expect(await client.call('createStream')).toEqual([null, expect.any(Number)])
    expect(codes).toEqual(['NetConnection.Connect.Success', 'NetStream.Publish.Start'])
    await client.close()
  })
})
