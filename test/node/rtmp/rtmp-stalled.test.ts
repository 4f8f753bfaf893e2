import { ChunkDecoder, type ChunkMessage } from 'millrace/chunk'
import { describe, expect, test } from 'vitest'
import { audio, audioConfig, inter, key, metadata, videoConfig } from '../../hub/fakes.ts'
import { HANDSHAKE_BYTES } from '../../rtmp/session-harness.ts'
import { readAll } from '../../support/chunks.ts'
import { type Client, World } from '../memory-world.ts'

const FRAME_MS = 40
const GOP_FRAMES = 50
const FRAME_BYTES = 40_000 // 8 Mbit/s
const BUDGET_BYTES = 262_144
/** HubOptions: a batch has at most this much media, or one packet. Chunk headers come on top. */
const BATCH_BYTES = 131_072 + 2_000
const MAX_LAG_MS = 3_000

/** Publishes 25 frames a second, numbered from `from` on. */
async function broadcast(
  world: World,
  publisher: Client,
  from: number,
  frames: number,
  onFrame: () => void,
): Promise<void> {
  for (let i = from; i < from + frames; i++) {
    const dts = i * FRAME_MS
    publisher.write(
      i % GOP_FRAMES === 0 ? key(dts, i, FRAME_BYTES) : inter(dts, i, FRAME_BYTES),
      audio(dts + 1, i, 300),
    )
    await world.advance(FRAME_MS, FRAME_MS)
    onFrame()
  }
}

/** Everything a client was sent behind the handshake, read by the chunk decoder alone. */
function messagesTo(client: Client): ChunkMessage[] {
  const decoder = new ChunkDecoder()
  let skip = HANDSHAKE_BYTES
  for (const part of client.received) {
    decoder.push(part.subarray(Math.min(skip, part.length)))
    skip -= Math.min(skip, part.length)
  }
  return readAll(decoder)
}

/** Video frames as `K12` or `i13`, sequence headers as `H`. */
function pictures(client: Client): string[] {
  return messagesTo(client)
    .filter(({ messageTypeId }) => messageTypeId === 9)
    .map(({ body }) => {
      const id = new DataView(body.buffer, body.byteOffset + body.length - 4).getUint32(0)
      if (body[1] === 0) return 'H' // AVCPacketType 0
      return `${body[0] === 0x17 ? 'K' : 'i'}${id}`
    })
}

async function onStage(players: number): Promise<{ world: World; publisher: Client; stalled: Client[] }> {
  const world = new World({ server: { stallTimeoutMs: 0 } })
  const publisher = await world.publish()
  publisher.write(metadata(0, 1), audioConfig(0, 2), videoConfig(0, 3))
  const stalled: Client[] = []
  for (let i = 0; i < players; i++) stalled.push(await world.play('show', { windowBytes: 50_000 }))
  return { world, publisher, stalled }
}

describe('players that stall', () => {
  test('cost the log and their budgets, at every step', async () => {
    const { world, publisher, stalled } = await onStage(10)
    const healthy = await world.play('show', { windowBytes: 500_000 })
    await broadcast(world, publisher, 0, 20, () => {})
    for (const { stream } of stalled) stream.pause()
    let mostQueued = 0
    let mostLog = 0
    let mostLogMs = 0
    await broadcast(world, publisher, 20, 400, () => {
      for (const { connection } of stalled) mostQueued = Math.max(mostQueued, connection.stats().queuedBytes)
      const { cachedBytes, batchBytes, cachedMs } = world.hub.source('/live/show')!.stats()
      mostLog = Math.max(mostLog, cachedBytes, batchBytes)
      mostLogMs = Math.max(mostLogMs, cachedMs)
    })
    expect(mostQueued).toBeGreaterThan(BUDGET_BYTES / 2)
    expect(mostQueued).toBeLessThan(BUDGET_BYTES + BATCH_BYTES)
    // What readers within their lag need, from the GOP it begins in.
    const longestMs = MAX_LAG_MS + 2 * GOP_FRAMES * FRAME_MS
    expect(mostLogMs).toBeLessThanOrEqual(longestMs)
    expect(mostLog).toBeLessThan((longestMs / FRAME_MS) * (FRAME_BYTES + 500))
    expect(healthy.connection.player!.stats()).toMatchObject({ skips: 0, skippedPackets: 0 })
    expect(pictures(healthy).filter((name) => name !== 'H')).toHaveLength(420)
  })

  test('go on at a keyframe when they read again, and count what they missed', async () => {
    const { world, publisher, stalled } = await onStage(1)
    const [player] = stalled
    await broadcast(world, publisher, 0, 20, () => {})
    player!.stream.pause()
    await broadcast(world, publisher, 20, 330, () => {})
    player!.stream.resume()
    await world.settle()
    await broadcast(world, publisher, 350, 30, () => {})

    const seen = pictures(player!)
    expect(seen.slice(0, 3)).toEqual(['H', 'K0', 'i1'])
    expect(seen.at(-1)).toBe('i379')
    const frames = seen.filter((name) => name !== 'H')
    const numbers = frames.map((name) => Number(name.slice(1)))
    const jumps = numbers.flatMap((number, i) => (i > 0 && number !== numbers[i - 1]! + 1 ? [i] : []))
    // One jump, onto a keyframe; and nothing else is missing.
    expect(jumps).toHaveLength(1)
    expect(frames[jumps[0]!]).toMatch(/^K/)
    const missed = numbers[jumps[0]!]! - numbers[jumps[0]! - 1]! - 1
    const stats = player!.connection.player!.stats()
    expect(stats.skips).toBeGreaterThanOrEqual(1)
    // Each frame has its audio packet.
    expect(stats.skippedPackets).toBe(2 * missed)
    expect(stats.skippedMs).toBeGreaterThanOrEqual(missed * FRAME_MS)
    expect(stats.skippedMs).toBeLessThanOrEqual((missed + 1) * FRAME_MS)
    expect(stats.lagMs).toBeLessThan(FRAME_MS)
  })

  test('get the configuration again when it has changed meanwhile', async () => {
    const { world, publisher, stalled } = await onStage(1)
    const [player] = stalled
    await broadcast(world, publisher, 0, 20, () => {})
    player!.stream.pause()
    await broadcast(world, publisher, 20, 180, () => {})
    publisher.write(videoConfig(200 * FRAME_MS, 99))
    await broadcast(world, publisher, 200, 150, () => {})
    player!.stream.resume()
    await world.settle()
    const seen = pictures(player!)
    const again = seen.lastIndexOf('H')
    expect(again).toBeGreaterThan(0)
    expect(seen[again + 1]).toMatch(/^K/)
  })

  test('cost nobody else a byte: what the others get stays shared', async () => {
    const { world, publisher, stalled } = await onStage(3)
    for (const { stream } of stalled) stream.pause()
    await broadcast(world, publisher, 0, 100, () => {})
    const { views, batchBytes, cachedBytes } = world.hub.source('/live/show')!.stats()
    expect(views).toBe(1)
    expect(batchBytes).toBeLessThan(cachedBytes * 1.01)
  })
})
