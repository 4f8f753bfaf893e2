import { type FanOutOptions, VirtualClock } from 'millrace/hub'
import { describe, expect, it } from 'vitest'
import { FanOut, type Served } from '../../src/hub/fan-out.ts'
import { Scheduler } from '../../src/hub/scheduler.ts'

/** A clock on which work costs time. */
class BusyClock extends VirtualClock {
  workedMs = 0
  override now(): number {
    return super.now() + this.workedMs
  }
}

class Counter implements Served {
  pumps = 0
  onPump: (() => void) | undefined
  pump(): void {
    this.pumps++
    this.onPump?.()
  }
}

function fixture(count: number, options: Partial<FanOutOptions> = {}) {
  const clock = new BusyClock()
  const events: string[] = []
  const visited: Counter[] = []
  const fanOut = new FanOut<Counter>(
    clock,
    new Scheduler(clock),
    { maxHoldMs: 50, minFlushIntervalMs: 0, ...options },
    {
      sweep: {
        roundBegins: () => events.length % 4 === 1,
        visit: (served) => visited.push(served),
        roundEnded: () => events.push(`round@${clock.now()}`),
      },
      flush: () => events.push(`flush@${clock.now()}`),
      failed: (error) => events.push(`failed: ${String(error)}`),
    },
  )
  const players = Array.from({ length: count }, () => new Counter())
  for (const player of players) fanOut.add(player)
  return { clock, events, fanOut, players, visited }
}

describe('when it flushes', () => {
  it('a video packet: once the input at hand is read, whatever comes with it', () => {
    const { clock, events, fanOut, players } = fixture(2)
    for (const due of [false, true, false, true]) fanOut.appended(due)
    expect(events).toEqual([])
    clock.turn()
    expect(events).toEqual(['flush@0', 'round@0'])
    expect(players.map(({ pumps }) => pumps)).toEqual([1, 1])
    expect(clock.pending).toBe(0)
  })

  it('audio alone: after maxHoldMs, counted from the first packet', () => {
    const { clock, events, fanOut } = fixture(1)
    fanOut.appended(false)
    clock.advance(49)
    fanOut.appended(false)
    expect(events).toEqual([])
    clock.advance(1)
    expect(events).toEqual(['flush@50', 'round@50'])
    clock.advance(1_000)
    expect(events).toHaveLength(2)
  })

  it('audio rides along with video that comes earlier', () => {
    const { clock, events, fanOut } = fixture(1)
    fanOut.appended(false)
    clock.advance(10)
    fanOut.appended(true)
    clock.advance(100)
    expect(events).toEqual(['flush@10', 'round@10'])
    expect(clock.pending).toBe(0)
  })

  it('at least minFlushIntervalMs apart', () => {
    const { clock, events, fanOut } = fixture(1, { minFlushIntervalMs: 100 })
    for (let ms = 0; ms <= 300; ms += 20) {
      fanOut.appended(true)
      clock.turn()
      clock.advance(20)
    }
    expect(events.filter((event) => event.startsWith('flush'))).toEqual([
      'flush@0', 'flush@100', 'flush@200', 'flush@300',
    ]) // prettier-ignore
  })

  it('maxHoldMs gives way to a longer minFlushIntervalMs', () => {
    const { clock, events, fanOut } = fixture(1, { minFlushIntervalMs: 350 })
    fanOut.appended(true)
    clock.turn()
    fanOut.appended(false)
    clock.advance(349)
    expect(events).toHaveLength(2)
    clock.advance(1)
    expect(events[2]).toBe('flush@350')
  })

  it('nothing without players, and nothing after the last has left', () => {
    const { clock, events, fanOut } = fixture(0)
    fanOut.appended(true)
    expect(clock.pending).toBe(0)
    const player = new Counter()
    fanOut.add(player)
    fanOut.appended(false)
    expect(clock.pending).toBe(1)
    fanOut.remove(player)
    expect(clock.pending).toBe(0)
    fanOut.add(player)
    fanOut.appended(true)
    fanOut.remove(player)
    clock.turn()
    expect(events).toEqual([])
  })

  it('another policy counts from the next packet on', () => {
    const { clock, events, fanOut } = fixture(1)
    fanOut.setOptions({ maxHoldMs: 5, minFlushIntervalMs: 0 })
    fanOut.appended(false)
    clock.advance(5)
    expect(events[0]).toBe('flush@5')
  })
})

describe('rounds', () => {
  it('serve in slices of about 4 ms, with other input in between', () => {
    const { clock, fanOut, players } = fixture(100)
    for (const player of players) player.onPump = () => (clock.workedMs += 0.1)
    fanOut.appended(true)
    let slices = 0
    const seen: number[] = []
    clock.defer(() => seen.push(players.filter(({ pumps }) => pumps > 0).length))
    while (clock.pending > 0 && slices < 50) {
      slices++
      clock.turn()
    }
    expect(players.every(({ pumps }) => pumps === 1)).toBe(true)
    // 48 players of 0.1 ms pass the 4 ms at the third look at the clock.
    expect(seen).toEqual([48])
  })

  it('begin with another player each time', () => {
    const { clock, fanOut, players } = fixture(3)
    const order: number[] = []
    for (const [i, player] of players.entries()) player.onPump = () => order.push(i)
    for (let i = 0; i < 4; i++) {
      fanOut.appended(true)
      clock.turn()
    }
    expect(order).toEqual([0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2])
  })

  it('players that leave or come in the middle cost nobody a turn', () => {
    const { clock, fanOut, players } = fixture(40)
    const late = new Counter()
    players[3]!.onPump = () => {
      for (const i of [0, 3, 4, 39]) fanOut.remove(players[i]!)
      fanOut.add(late)
    }
    fanOut.appended(true)
    clock.turn()
    const gone = new Set([4, 39])
    expect(players.map(({ pumps }, i) => pumps === (gone.has(i) ? 0 : 1))).not.toContain(false)
    expect(late.pumps).toBe(1)
  })

  it('do not overlap: what comes in between is flushed after the round, and waits a quarter of it', () => {
    const { clock, events, fanOut, players } = fixture(64)
    for (const player of players) player.onPump = () => (clock.workedMs += 1)
    // Every frame of 10 ms finds the round of 64 ms still running.
    players[40]!.onPump = () => {
      clock.workedMs += 1
      fanOut.appended(true)
    }
    fanOut.appended(true)
    clock.turn()
    expect(events).toEqual(['flush@0', 'round@64'])
    expect(fanOut.stats()).toEqual({
      flushes: 1,
      lastRoundMs: 64,
      longestRoundMs: 64,
      // The clock is looked at after 16 players.
      longestSliceMs: 16,
    })
    players[40]!.onPump = undefined
    clock.advance(15)
    expect(events).toHaveLength(2)
    clock.advance(1)
    expect(events[2]).toBe('flush@80')
  })

  it('audio that comes in between waits its time after the round', () => {
    const { clock, events, fanOut, players } = fixture(1)
    players[0]!.onPump = () => fanOut.appended(false)
    fanOut.appended(true)
    clock.turn()
    players[0]!.onPump = undefined
    clock.advance(49)
    expect(events).toHaveLength(2)
    clock.advance(1)
    expect(events[2]).toBe('flush@50')
  })

  it("an error that nobody else has dealt with is its source's", () => {
    const { clock, events, fanOut, players } = fixture(3)
    players[1]!.onPump = () => {
      throw new Error('broken')
    }
    fanOut.appended(true)
    clock.turn()
    expect(events).toEqual(['flush@0', 'failed: Error: broken'])
  })

  it('closing in the middle ends the round', () => {
    const { clock, events, fanOut, players } = fixture(30)
    players[5]!.onPump = () => fanOut.close()
    fanOut.appended(true)
    clock.turn()
    expect(players.filter(({ pumps }) => pumps > 0)).toHaveLength(6)
    fanOut.appended(true)
    expect([events, clock.pending]).toEqual([['flush@0'], 0])
  })

  it('visit everyone when the host asks for it, in the same slices', () => {
    const { clock, events, fanOut, players, visited } = fixture(40)
    for (const player of players) player.onPump = () => (clock.workedMs += 1)
    for (let i = 0; i < 2; i++) {
      fanOut.appended(true)
      clock.turn()
      clock.advance(100)
    }
    expect(events.length).toBe(4)
    // The first round alone was to visit.
    expect(visited).toEqual(players)
  })

  it('drain serves everyone at once', () => {
    const { clock, events, fanOut, players } = fixture(100)
    for (const player of players) player.onPump = () => (clock.workedMs += 1)
    fanOut.appended(false)
    fanOut.drain()
    expect(players.every(({ pumps }) => pumps === 1)).toBe(true)
    expect([events, clock.pending]).toEqual([['flush@0'], 0])
  })
})
