import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Hub } from 'millrace/hub'
import { packetFromTag, TAG_TYPE_VIDEO } from 'millrace/media'
import { RtmpServer } from 'millrace/node'
import { expect, onTestFinished, vi } from 'vitest'
import { Backend } from '../../services/callbacks/backend.ts'
import { CLIP, publish, publishClip, ROUND_MS } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

/** A server that takes every stream. */
async function startTarget(): Promise<{ hub: Hub; url: string; close(): Promise<void> }> {
  const hub = new Hub({ graceMs: 0 })
  const server = new RtmpServer({ hub })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const close = async (): Promise<void> => {
    hub.close()
    await server.close()
  }
  onTestFinished(close)
  return { hub, url: `rtmp://127.0.0.1:${port}`, close }
}

/** A port where connections are handled as the test says. @returns a URL there. */
async function listen(act: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy())
    act(socket.on('error', () => undefined))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `rtmp://127.0.0.1:${(server.address() as AddressInfo).port}/live/show`
}

function streams(hub: Hub): string[] {
  return Array.from(hub.sources, ({ streamPath }) => streamPath)
}

async function logs(server: TestServer, pattern: RegExp): Promise<void> {
  await vi.waitFor(() => expect(server.lines.join('\n')).toMatch(pattern), 5_000)
}

/** No target is there: what the log says of the waits. */
async function unreachable(more: string): Promise<TestServer> {
  const target = await startTarget()
  await target.close()
  const server = await startWith(`forward: { targets: ['${target.url}/live/s3cret'], ${more} }`)
  await publishClip(server)
  return server
}

tryKeys('forward', {
  async targets() {
    const target = await startTarget()
    const server = await startWith(
      `forward: { targets: ['${target.url}/copy', '${target.url}/[app]/[stream]_2'] }`,
    )
    await publishClip(server)
    await vi.waitFor(() => expect(streams(target.hub)).toEqual(['/copy/show', '/live/show_2']))
    await logs(server, /forward \/live\/show to rtmp:\/\/127\.0\.0\.1:\d+\/copy\/\*\*\*/)
    server.edit(`forward: { targets: ['${target.url}/[app]/[stream]_2'] }`)
    await server.reload()
    await vi.waitFor(() => expect(streams(target.hub)).toEqual(['/live/show_2']), 5_000)
    // The target that stays is not connected to anew.
    expect(server.lines.filter((line) => /forward \/live\/show to \S+$/.test(line))).toHaveLength(2)
    server.edit(`forward: { targets: [{ url: '${target.url}/copy', name: backup }] }`)
    await server.reload()
    await logs(server, /forward \/live\/show to backup$/m)
    await expect(startWith("forward: { targets: ['http://host/s3cret'] }")).rejects.toThrow(
      'an rtmp or rtmps URL',
    )
    await expect(startWith("forward: { targets: ['http://host/s3cret'] }")).rejects.not.toThrow('s3cret')
  },
  async required() {
    const backend = await Backend.start()
    backend.answer = (_, response) => void response.status(500).send('')
    const yaml = (required: boolean): string =>
      `callbacks: { urls: { on_forward: '${backend.url}' } }\nforward: { required: ${required} }`
    const lenient = await startWith(yaml(false))
    await publishClip(lenient)
    await logs(lenient, /no targets for \/live\/show: .*status 500/)
    expect(lenient.hub.source('/live/show')!.publisher).toBeDefined()
    const strict = await startWith(yaml(true))
    await publish(strict, '/live/show')
    await logs(strict, /unpublish \/live\/show: kicked/)
  },
  async start() {
    const target = await startTarget()
    const server = await startWith(
      `forward: { start: keyframe, targets: [{ url: '${target.url}/late' }] }\nhub: { graceMs: 20 }`,
    )
    await publishClip(server)
    await logs(server, /forward \/live\/show/)
    // Nothing is sent of what was there before.
    expect(target.hub.source('/late/show')?.stats().receivedPackets ?? 0).toBe(0)
  },
  async maxTargets() {
    const target = await startTarget()
    const server = await startWith(
      `forward: { maxTargets: 1, targets: ['${target.url}/a', '${target.url}/b'] }`,
    )
    await publishClip(server)
    await logs(server, /no targets for \/live\/show: LimitError: 2 targets, at most 1/)
  },
  async connectTimeoutMs() {
    const silent = await listen((socket) => socket.resume())
    const server = await startWith(`forward: { connectTimeoutMs: 30, targets: ['${silent}'] }`)
    await publishClip(server)
    await logs(server, /the server did not start within 30 ms/)
  },
  async stallTimeoutMs() {
    const rtmp = new RtmpServer({ hub: new Hub() })
    const url = await listen((socket) => {
      rtmp.handle(socket, { remoteAddress: '127.0.0.1' })
      rtmp.on('sessionEvent', ({ type }) => {
        if (type === 'publish') setTimeout(() => socket.pause(), 100)
      })
    })
    onTestFinished(() => rtmp.close())
    const server = await startWith(`forward: { stallTimeoutMs: 1000, targets: ['${url}'] }`)
    const client = await publishClip(server)
    await logs(server, /forward \/live\/show to/)
    await new Promise((resolve) => setTimeout(resolve, 200))
    // The kernel takes some megabytes.
    const { body } = CLIP.find(({ keyframe }) => keyframe)!
    const large = Buffer.concat([body.subarray(0, 5), Buffer.alloc(500_000)]) // AVC, keyframe, NAL units
    for (let i = 1; i <= 40; i++) {
      if (!client.write(packetFromTag(TAG_TYPE_VIDEO, ROUND_MS + i, large))) await client.ready()
    }
    await logs(server, /the peer took none of \d+ bytes in 1000 ms/)
  },
  async retryMinMs() {
    await logs(await unreachable('retryMinMs: 20'), /ECONNREFUSED 127\.0\.0\.1:\d+, retrying in 0\.[01] s/)
  },
  async retryMaxMs() {
    const server = await unreachable('retryMinMs: 20, retryMaxMs: 30')
    await vi.waitFor(() =>
      expect(server.lines.filter((line) => line.includes('ECONNREFUSED')).length).toBeGreaterThan(8),
    )
    expect(server.lines.join('\n')).not.toContain('s3cret')
  },
})
