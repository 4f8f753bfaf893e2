import { Turns, type Work } from '../../src/hub/turns.ts'
import { VirtualClock } from 'millrace/hub'
import { describe, expect, it } from 'vitest'
import { inter, key, Stage } from './fakes.ts'

/** A clock on which work costs time. */
class BusyClock extends VirtualClock {
  workedMs = 0
  override now(): number {
    return super.now() + this.workedMs
  }
}

/** Work of `steps` steps of 1 ms, that tells when it ran. */
function task(clock: BusyClock, name: string, steps: number, log: string[]): Work {
  let left = steps
  return {
    work(deadlineMs) {
      do {
        log.push(name)
        clock.workedMs += 1
        left--
      } while (left > 0 && clock.now() < deadlineMs)
      return left <= 0
    },
  }
}

describe('turns', () => {
  it('last 4 ms for all together, however many have something to do', () => {
    const clock = new BusyClock()
    const turns = new Turns(clock)
    const log: string[] = []
    for (let i = 0; i < 100; i++) turns.add(task(clock, String(i), 1, log))
    const seen: number[] = []
    // Other input gets its turn in between.
    clock.defer(() => seen.push(log.length))
    clock.turn()
    expect([seen, log.length, clock.pending]).toEqual([[4], 100, 0])
  })

  it('go around: whoever is not done waits for the others', () => {
    const clock = new BusyClock()
    const turns = new Turns(clock)
    const log: string[] = []
    turns.add(task(clock, 'a', 6, log))
    turns.add(task(clock, 'b', 1, log))
    turns.add(task(clock, 'c', 6, log))
    clock.turn()
    expect(log.join('')).toBe('aaaabcccaaccc')
  })

  it('go on after one that throws', () => {
    const clock = new BusyClock()
    const turns = new Turns(clock)
    const log: string[] = []
    turns.add({
      work: () => {
        throw new Error('broken')
      },
    })
    turns.add(task(clock, 'a', 1, log))
    expect(() => clock.turn()).toThrow('broken')
    clock.turn()
    expect([log, clock.pending]).toEqual([['a'], 0])
  })

  it('are shared by the sources of a hub', () => {
    const stage = new Stage()
    const publishers = Array.from({ length: 50 }, (_, i) => stage.hub.publish(`/live/${i}`))
    for (const publisher of publishers) {
      publisher.write(key(0, 1))
      publisher.source.attach(
        { queuedBytes: 0, write: () => undefined, end: () => undefined },
        { format: stage.format },
      )
    }
    for (const publisher of publishers) publisher.write(inter(40, 2))
    // One deferred call for all of them.
    expect(stage.clock.pending).toBe(1)
    stage.clock.turn()
    expect(publishers.map(({ source }) => source.stats().fanOut.flushes)).toEqual(publishers.map(() => 1))
  })
})
