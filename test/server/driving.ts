/** Encoders and viewers of a server in this process. */
import { request } from 'node:http'
import { demuxFlv } from 'millrace/flv'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { RtmpClient } from 'millrace/node'
import { expect, onTestFinished, vi } from 'vitest'
import { readClip } from '../support/clips.ts'
import type { TestServer } from './running.ts'

/** Four GOPs of 2 s each. */
export const CLIP: readonly MediaPacket[] = demuxFlv(readClip('avc-aac-bframes.flv'))

/** Longer than the clip, ms, so that the next round begins behind it. */
export const ROUND_MS = 10_000

/** Players of a stream that is not there learn so at once: 404 is who was let in. */
export const NO_WAIT = 'hub: { publisherWaitMs: 0 }\n'

/** Publishes; ends with the test. */
export async function publish(
  { rtmpUrl }: TestServer,
  path: string,
  options: Parameters<typeof RtmpClient.publish>[1] = {},
): Promise<RtmpClient> {
  const client = await RtmpClient.publish(`${rtmpUrl}${path}`, options)
  onTestFinished(() => client.close())
  return client
}

/** Plays; ends with the test. */
export async function play({ rtmpUrl }: TestServer, path: string): Promise<RtmpClient> {
  const client = await RtmpClient.play(`${rtmpUrl}${path}`)
  onTestFinished(() => client.close())
  return client
}

/** Publishes the whole clip at once, and waits until it has arrived at the stream `publicPath`. */
export async function publishClip(
  server: TestServer,
  path = '/live/show',
  publicPath = path,
): Promise<RtmpClient> {
  const client = await publish(server, path)
  for (const packet of CLIP) client.write(packet)
  const lastDts = CLIP.at(-1)!.dts - CLIP[0]!.dts
  await vi.waitFor(() => expect(server.hub.source(publicPath)?.lastDts).toBeGreaterThan(lastDts - 100))
  return client
}

/** Sends pictures of 200 kB until `isEnough`: more than the buffers of a system hold. */
export async function flood(client: RtmpClient, isEnough: () => boolean): Promise<void> {
  const keyframe = CLIP.find(({ kind, keyframe: is, coded }) => kind === 'video' && is && coded)!
  const body = new Uint8Array(200_000)
  body.set(keyframe.body)
  for (let i = 1; !isEnough(); i++) {
    client.write(packetFromTag(9, ROUND_MS + i * 40, body))
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (i > 2_000) throw new Error('the server takes anything')
  }
}

/** Status of an answer, whose body is not waited for. */
export async function status(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers })
  await response.body?.cancel()
  return response.status
}

/** Status with headers that fetch does not let through, such as Host. */
export function statusWith(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, fail) => {
    const asking = request(url, { headers }, (response) => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    asking.once('error', fail)
    asking.end()
  })
}
