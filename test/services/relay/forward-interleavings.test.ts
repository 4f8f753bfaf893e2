/** Whatever happens to encoders, targets and the network, in whatever order: each connection begins right, and all of them come back. */
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import type { MediaPacket } from 'millrace/media'
import type { Forwarder } from 'millrace/services/relay'
import { expect, test } from 'vitest'
import { fuzzRuns } from '../../support/fuzz.ts'
import { type Encoder, ForwardStage, Received } from './stage.ts'

const RUNS = fuzzRuns(25)

const TARGETS = ['rtmp://target/a/key', 'rtmp://target/b/key', 'rtmp://target/c/key'] as const

type Step =
  | { readonly type: 'send' | 'wait'; readonly ms: number }
  | { readonly type: 'come' | 'leave' | 'end' | 'close' }
  | { readonly type: 'network'; readonly to: 'up' | 'down' | 'silent' }
  | { readonly type: 'die' | 'hang'; readonly which: number }
  | { readonly type: 'targets'; readonly mask: number }

const ms = fc.integer({ min: 1, max: 30 }).map((n) => n * 100)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('send' as const), ms }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), ms }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('come', 'leave') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('end', 'close') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('network' as const),
      to: fc.constantFrom('up' as const, 'down' as const, 'silent' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('die', 'hang'), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('targets' as const), mask: fc.nat(7) }) },
)

class Play {
  readonly stage = new ForwardStage({ hub: { graceMs: 3_000 }, target: { atc: true } })
  readonly received = new Received(this.stage.target.hub)
  #forwarder: Forwarder | undefined
  #encoder: Encoder | undefined
  #mask = 7

  constructor() {
    this.#open()
  }

  async act(action: Step): Promise<void> {
    const { stage } = this
    switch (action.type) {
      case 'send':
        await (this.#encoder?.send(action.ms, 100) ?? stage.advance(action.ms))
        return
      case 'wait':
        await stage.advance(action.ms)
        return
      case 'come':
        this.#encoder ??= stage.encoder()
        return
      case 'leave':
        this.#encoder?.publisher.unpublish()
        this.#encoder = undefined
        return
      case 'end':
        this.#encoder?.publisher.source.close()
        this.#encoder = undefined
        return
      case 'close':
        void this.#forwarder!.close()
        this.#open()
        return
      case 'network':
        stage.network = action.to
        return
      case 'die':
        stage.far.at(-1 - action.which)?.destroy()
        return
      case 'hang':
        stage.far.at(-1 - action.which)?.pause()
        return
      case 'targets':
        this.#mask = action.mask
        this.#forwarder!.setTargets(this.#targets())
        return
      default: {
        const never: never = action
        throw new TypeError(String(never))
      }
    }
  }

  /** Everything is well again. */
  async recover(): Promise<void> {
    await this.act({ type: 'network', to: 'up' })
    // A connection that hangs keeps its name until the target gives it up.
    for (const far of this.stage.far) far.destroy()
    await this.act({ type: 'come' })
    await this.#encoder!.send(12_000, 300)
    const states = this.#forwarder!.stats().map(({ url, state }) => `${url} ${state}`)
    expect(states.toSorted()).toEqual(this.#targets().map((url) => `${url.replace('key', '***')} connected`))
    for (const packets of this.received.packets) expectBegunRight(packets)
    void this.#forwarder!.close()
    await this.stage.end()
  }

  #targets(): string[] {
    return TARGETS.filter((_, i) => (this.#mask & (1 << i)) !== 0)
  }

  #open(): void {
    this.#forwarder = this.stage.forwarder({ targets: this.#targets(), retry: { maxMs: 4_000 } })
  }
}

/** First what a decoder needs, then a keyframe at time 0, and time that does not go back. */
function expectBegunRight(packets: readonly MediaPacket[]): void {
  const first = packets.findIndex(({ coded }) => coded)
  if (first < 0) return
  expect(packets.slice(0, first).map(({ kind }) => kind)).toEqual(['data', 'audio', 'video'])
  expect(packets[first]).toMatchObject({ kind: 'video', keyframe: true, dts: 0 })
  for (const kind of ['audio', 'video']) {
    const times = packets.filter((packet) => packet.kind === kind && packet.coded).map(({ dts }) => dts)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  }
}

test('whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const play = new Play()
      for (const each of steps) await play.act(each)
      await play.recover()
    }),
    { seed: 7, numRuns: RUNS },
  )
}, 60_000)

test('many connections leave nothing behind', async () => {
  const stage = new ForwardStage()
  const gone = new AbortController()
  const encoder = stage.encoder()
  await encoder.send(500)
  const { source } = encoder.publisher
  const push = stage.push(source, { signal: gone.signal, retry: { minMs: 1, maxMs: 1 } })
  await stage.advance(10, 1)
  const cycles = fuzzRuns(1_000)
  for (let cycle = 0; cycle < cycles; cycle++) {
    stage.far.pop()!.destroy()
    stage.dialled.pop()
    await stage.advance(2, 1)
  }
  await stage.advance(10, 1)
  expect(push.stats().connects).toBe(cycles + 1)
  expect(source.stats().consumers).toBe(1)
  expect(source.listenerCount('close') + source.listenerCount('publish')).toBeLessThanOrEqual(3)
  expect(getEventListeners(gone.signal, 'abort')).toHaveLength(1)
  expect(stage.target.server.connections.size).toBe(1)
  expect(stage.target.clock.pending).toBeLessThan(10)
}, 60_000)
