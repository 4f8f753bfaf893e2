import { join } from 'node:path'
import type { MediaPacket } from 'millrace/media'
import { inRealTime, RtmpClient } from 'millrace/node'
import { expect, it, onTestFinished, vi } from 'vitest'
import { readClip } from '../../examples/clip.ts'
import { start } from '../support/process.ts'
import { ROOT } from '../support/project.ts'

const MAIN = join(ROOT, '.build/examples/cluster-local/main.js')
const CLIP = readClip(join(ROOT, 'examples/server/demo.flv'))
const PORTS = ['--host', '127.0.0.1', '--rtmp-port', '0', '--http-port', '0']
const PATIENT = { timeout: 15_000, interval: 50 }

interface Status {
  readonly owner: number
  readonly workers: readonly { worker: number; pid: number; players: number; pulls: number }[]
}

interface Cluster {
  readonly rtmp: string
  status(stream: string): Promise<Status>
  fetch(path: string): Promise<Response>
  nextOutput(pattern: RegExp): Promise<RegExpExecArray>
}

async function startCluster(): Promise<Cluster> {
  const process_ = start(process.execPath, [MAIN, '--workers', '2', ...PORTS])
  const [, rtmp] = await process_.waitForOutput(/^listening (rtmp:\S+)$/m)
  const [, http] = await process_.waitForOutput(/^listening (http:\S+)$/m)
  // A connection of its own for each request, so that the workers take turns.
  const fetchOnce = (path: string): Promise<Response> =>
    fetch(`${http}${path}`, { headers: { connection: 'close' } })
  return {
    rtmp: rtmp!,
    status: async (stream) => (await (await fetchOnce(`/api/streams${stream}`)).json()) as Status,
    fetch: fetchOnce,
    nextOutput: (pattern) => process_.waitForOutput(pattern),
  }
}

/** A player that counts, and checks that it starts with a keyframe. */
class Viewer {
  packets = 0
  firstPicture: MediaPacket | undefined
  ended = false

  constructor(url: string) {
    void this.#play(url)
  }

  async #play(url: string): Promise<void> {
    try {
      const client = await RtmpClient.play(url, { connectTimeoutMs: 20_000 })
      onTestFinished(() => client.close())
      for await (const packet of client) {
        this.packets++
        if (packet.kind === 'video' && packet.coded) this.firstPicture ??= packet
      }
    } finally {
      this.ended = true
    }
  }
}

interface Encoder {
  end(): Promise<void>
}

async function publish(url: string): Promise<Encoder> {
  const client = await RtmpClient.publish(url)
  const ended = new AbortController()
  const sending = client.send(inRealTime(CLIP, { loop: true, signal: ended.signal }))
  const end = async (): Promise<void> => {
    ended.abort()
    await client.close()
    await sending
  }
  onTestFinished(end)
  return { end }
}

/** The path of the first entry of a playlist of `/live/show`. */
function firstUri(playlist: string): string {
  const uri = playlist.split('\n').find((line) => line !== '' && !line.startsWith('#'))!
  const { pathname, search } = new URL(uri, 'http://127.0.0.1/live/show.m3u8')
  return pathname + search
}

function packetsOf(viewers: readonly Viewer[]): number[] {
  return viewers.map(({ packets }) => packets)
}

async function expectProgress(viewers: readonly Viewer[]): Promise<void> {
  const before = packetsOf(viewers)
  await vi.waitFor(() => {
    for (const [i, { packets }] of viewers.entries()) expect(packets).toBeGreaterThan(before[i]! + 20)
  }, PATIENT)
}

it('players of all workers, also those before the publisher, get a stream that is pulled once', async () => {
  const cluster = await startCluster()
  const url = `${cluster.rtmp}/live/show`
  const early = Array.from({ length: 10 }, () => new Viewer(url))
  await publish(url)
  const late = Array.from({ length: 10 }, () => new Viewer(url))
  await expectProgress([...early, ...late])
  for (const { firstPicture } of [...early, ...late]) expect(firstPicture?.keyframe).toBe(true)

  const { owner, workers } = await cluster.status('/live/show')
  expect(workers.map(({ players }) => players).reduce((a, b) => a + b)).toBe(20)
  for (const { worker, players, pulls } of workers) {
    // In turns, but for a worker that is slow to take its connection.
    expect(players).toBeGreaterThanOrEqual(6)
    expect(pulls).toBe(worker === owner ? 0 : 1)
  }
})

it('a stream has one publisher in the whole cluster', async () => {
  const cluster = await startCluster()
  const url = `${cluster.rtmp}/live/show`
  await publish(url)
  for (let i = 0; i < 2; i++) await expect(RtmpClient.publish(url)).rejects.toThrow('is being published')
})

it('the owner serves HLS, whichever worker is asked', async () => {
  const cluster = await startCluster()
  await publish(`${cluster.rtmp}/live/show`)
  for (let i = 0; i < 4; i++) {
    const playlist = await (await cluster.fetch('/live/show.m3u8')).text()
    const media = await (await cluster.fetch(firstUri(playlist))).text()
    const answer = await cluster.fetch(firstUri(media))
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect({ status: answer.status, sync: bytes[0] }).toEqual({ status: 200, sync: 0x47 })
  }
})

it('players stay while the publisher comes back to another worker', async () => {
  const cluster = await startCluster()
  const url = `${cluster.rtmp}/live/show`
  const first = await publish(url)
  const viewers = Array.from({ length: 4 }, () => new Viewer(url))
  await expectProgress(viewers)
  const before = await cluster.status('/live/show')
  const owners = new Set([before.owner])
  await first.end()
  // The workers take turns, so the second attempt at the latest is at the other one.
  for (let i = 0; i < 4 && owners.size < 2; i++) {
    const again = await publish(url)
    await expectProgress(viewers)
    owners.add((await cluster.status('/live/show')).owner)
    if (owners.size < 2) await again.end()
  }
  expect(owners.size).toBe(2)
  expect(viewers.map(({ ended }) => ended)).toEqual([false, false, false, false])
})

it("an owner's death ends its streams alone, and its publisher finds a new owner", async () => {
  const cluster = await startCluster()
  const streams = ['/live/one', '/live/two', '/live/three', '/live/four']
  const encoders = new Map<string, Encoder>()
  const viewers = new Map<string, Viewer>()
  // The workers take turns: two streams each.
  for (const stream of streams) encoders.set(stream, await publish(cluster.rtmp + stream))
  for (const stream of streams) viewers.set(stream, new Viewer(cluster.rtmp + stream))
  await expectProgress([...viewers.values()])
  const status = new Map<string, Status>()
  for (const stream of streams) status.set(stream, await cluster.status(stream))
  const victim = status.get(streams[0]!)!.owner
  const lost = streams.filter((stream) => status.get(stream)!.owner === victim)
  const kept = streams.filter((stream) => status.get(stream)!.owner !== victim)
  expect(lost.length).toBeGreaterThan(0)
  expect(kept.length).toBeGreaterThan(0)

  process.kill(status.get(streams[0]!)!.workers.find(({ worker }) => worker === victim)!.pid, 'SIGKILL')
  await cluster.nextOutput(/^worker \d+ \(pid \d+\) ended: SIGKILL$/m)
  // Those who were connected to it are gone with it; nobody else is.
  const others = kept.map((stream) => viewers.get(stream)!)
  const before = packetsOf(others)
  await vi.waitFor(() => {
    for (const [i, { ended, packets }] of others.entries()) {
      expect(ended || packets > before[i]! + 20).toBe(true)
    }
  }, PATIENT)
  await expectProgress(kept.map((stream) => new Viewer(cluster.rtmp + stream)))
  for (const stream of kept) expect((await cluster.status(stream)).owner).toBe(status.get(stream)!.owner)

  await encoders.get(lost[0]!)!.end()
  await publish(cluster.rtmp + lost[0]!)
  const after = new Viewer(cluster.rtmp + lost[0]!)
  await expectProgress([after])
  expect((await cluster.status(lost[0]!)).owner).not.toBe(victim)
})
