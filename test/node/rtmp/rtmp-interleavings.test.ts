/** Random orders of admission, reconnects, take-overs, pauses, stalls and ends, over several connections at once. */
import fc from 'fast-check'
import { accept, type AccessDecision, reject } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { expect, test } from 'vitest'
import { audio, idOf, inter, key, videoConfig } from '../../hub/fakes.ts'
import { fuzzRuns } from '../../support/fuzz.ts'
import { streamCommand } from '../../support/rtmp-bytes.ts'
import { Client, World } from '../memory-world.ts'

const RUNS = fuzzRuns(60)
const STREAMS = ['a', 'b']
const GOP_PACKETS = 6

type Step =
  | { readonly do: 'publish' | 'play'; readonly stream: number }
  | { readonly do: 'decide'; readonly which: number; readonly decision: 'accept' | 'reject' | 'takeOver' }
  | { readonly do: 'write'; readonly who: number; readonly packets: number; readonly bytes: number }
  | { readonly do: 'pause' | 'resume' | 'stall' | 'unstall'; readonly who: number }
  | { readonly do: 'stop' | 'again' | 'leave' | 'vanish' | 'kick' | 'kickPublisher'; readonly who: number }
  | { readonly do: 'time'; readonly ms: number }

const who = fc.nat({ max: 7 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('publish', 'play'), stream: fc.nat({ max: 1 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('decide'),
      which: fc.nat({ max: 3 }),
      decision: fc.constantFrom('accept', 'accept', 'accept', 'takeOver', 'reject'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write'),
      who,
      packets: fc.integer({ min: 1, max: 15 }),
      bytes: fc.constantFrom(10, 10, 30_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume', 'stall', 'unstall'), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('stop', 'again', 'leave', 'vanish', 'kick', 'kickPublisher'),
      who,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('time'), ms: fc.constantFrom(50, 300, 3_000, 11_000) }),
  },
)

/** A client, and what the test has done to it. */
interface Peer {
  readonly client: Client
  readonly mode: 'publish' | 'play'
  readonly number: number
  written: number
  /** It has been paused or stalled at some time, so that it may have missed something. */
  held: boolean
}

class Stage {
  readonly world: World
  readonly peers: Peer[] = []
  readonly pending: ((decision: AccessDecision) => void)[] = []
  readonly closed = new Map<number, number>()
  letIn = 0
  letGo = 0

  constructor() {
    this.world = new World({
      hub: {
        authorize: () => new Promise((resolve) => this.pending.push(resolve)),
        maxLagMs: 1_000,
        sinkBudgetBytes: 50_000,
      },
      server: {
        session: { mediaTimeoutMs: 0, firstMediaTimeoutMs: 0, commandTimeoutMs: 0 },
        stallTimeoutMs: 0,
      },
    })
    const { server } = this.world
    server.on('connection', ({ id }) => this.closed.set(id, 0))
    server.on('sessionEvent', (_, { id }) =>
      expect(this.closed.get(id), `event after close of #${id}`).toBe(0),
    )
    server.on('close', ({ id }) => this.closed.set(id, this.closed.get(id)! + 1))
  }

  async act(step: Step): Promise<void> {
    switch (step.do) {
      case 'publish':
      case 'play':
        this.#connect(step.do, STREAMS[step.stream]!)
        break
      case 'decide':
        this.#decide(step.which, step.decision)
        break
      case 'write': {
        const peer = this.#peer(step.who, 'publish')
        if (peer !== undefined) this.#write(peer, step.packets, step.bytes)
        break
      }
      case 'pause':
      case 'resume': {
        const peer = this.#peer(step.who, 'play')
        if (peer === undefined) break
        peer.held = true
        peer.client.session.pause(step.do === 'pause')
        peer.client.flush()
        break
      }
      case 'stall':
      case 'unstall': {
        const peer = this.#peer(step.who, 'play')
        if (peer === undefined) break
        peer.held = true
        if (step.do === 'stall') peer.client.stream.pause()
        else peer.client.stream.resume()
        break
      }
      case 'stop':
        this.#peer(step.who)?.client.send(streamCommand('closeStream', 0))
        break
      case 'again': {
        const peer = this.#peer(step.who, 'play')
        if (peer === undefined) break
        peer.client.send(streamCommand('play', 0, STREAMS[step.who % 2]!))
        break
      }
      case 'leave':
        this.#peer(step.who)?.client.leave()
        break
      case 'vanish':
        this.#peer(step.who)?.client.vanish()
        break
      case 'kick':
        this.#peer(step.who)?.client.connection.close('kicked')
        break
      case 'kickPublisher':
        this.#peer(step.who)?.client.connection.publisher?.kick()
        break
      case 'time':
        await this.world.advance(step.ms, step.ms)
        break
    }
    // Half of the steps come before the one before has taken effect.
    if (step.do !== 'write' || step.packets % 2 === 0) await this.world.settle()
    this.check()
  }

  /** What holds at any time. */
  check(): void {
    const publishers = new Map<string, number>()
    for (const connection of this.world.server.connections) {
      if (connection.role !== 'publisher') continue
      expect(publishers.has(connection.streamPath), `two publishers of ${connection.streamPath}`).toBe(false)
      publishers.set(connection.streamPath, connection.id)
      expect(this.world.hub.source(connection.streamPath)?.publisher).toBe(connection.publisher)
    }
    for (const source of this.world.hub.sources) {
      expect(publishers.has(source.streamPath), source.streamPath).toBe(source.publisher !== undefined)
    }
    for (const count of this.closed.values()) expect(count).toBeLessThanOrEqual(1)
  }

  async end(): Promise<void> {
    for (const peer of this.peers) peer.client.stream.resume()
    for (const decide of this.pending.splice(0)) decide(reject('closing time'))
    await this.world.settle()
    this.check()
    for (const peer of this.peers) if (peer.mode === 'play') expectUnbroken(peer)
    await this.world.end()
    for (const [id, count] of this.closed) expect(count, `ends of #${id}`).toBe(1)
    expect(this.letGo, 'onEnd').toBe(this.letIn)
  }

  #connect(mode: 'publish' | 'play', stream: string): void {
    const client = new Client(this.world, mode, stream, {
      windowBytes: 60_000,
      mediaTimeoutMs: 0,
      firstMediaTimeoutMs: 0,
      commandTimeoutMs: 0,
    })
    this.peers.push({ client, mode, number: this.peers.length + 1, written: 0, held: false })
  }

  #decide(which: number, decision: 'accept' | 'reject' | 'takeOver'): void {
    const [resolve] = this.pending.splice(which % Math.max(1, this.pending.length), 1)
    if (resolve === undefined) return
    if (decision === 'reject') resolve(reject('no'))
    else {
      this.letIn++
      resolve(accept({ takeOver: decision === 'takeOver', onEnd: () => this.letGo++ }))
    }
  }

  #write(peer: Peer, packets: number, bytes: number): void {
    if (peer.client.phase !== 'publishing') return
    const out: MediaPacket[] = []
    for (let i = 0; i < packets; i++) {
      // The number of the publisher above, its packet below.
      const id = peer.number * 0x1_0000 + peer.written
      const dts = peer.written * 20
      if (peer.written === 0) out.push(videoConfig(0, peer.number))
      const place = peer.written++ % GOP_PACKETS
      if (place === 0) out.push(key(dts, id, bytes))
      else out.push(place % 2 === 1 ? audio(dts, id, 10) : inter(dts, id, bytes))
    }
    peer.client.write(...out)
  }

  #peer(n: number, mode?: 'publish' | 'play'): Peer | undefined {
    const candidates = this.peers.filter(
      (peer) =>
        !peer.client.stream.writableEnded &&
        !peer.client.stream.destroyed &&
        (mode ?? peer.mode) === peer.mode,
    )
    return candidates[n % Math.max(1, candidates.length)]
  }
}

/** From its first keyframe on a play misses nothing, unless the player was held; then what follows is a keyframe. */
function expectUnbroken({ client, held, number }: Peer): void {
  let before: MediaPacket | undefined
  for (const [i, packet] of client.packets.entries()) {
    if (client.starts.includes(i)) before = undefined
    if (packet.configuration) continue
    const what = `player ${number} at ${idOf(packet).toString(16)} behind ${before === undefined ? 'nothing' : idOf(before).toString(16)}`
    if (before !== undefined) expect(packet.dts, what).toBeGreaterThanOrEqual(before.dts)
    const follows = before !== undefined && idOf(packet) === idOf(before) + 1
    if (!follows) {
      expect(packet.keyframe, what).toBe(true)
      const changed = before === undefined || idOf(packet) >> 16 !== idOf(before) >> 16
      expect(changed || held, `${what}: a gap without a reason`).toBe(true)
      if (!changed) expect(idOf(packet), what).toBeGreaterThan(idOf(before!))
    }
    before = packet
  }
}

test('whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 150 }), async (steps) => {
      const stage = new Stage()
      for (const each of steps) await stage.act(each)
      await stage.end()
    }),
    { seed: 11, numRuns: RUNS },
  )
}, 60_000)
