import { Scheduler, type Task } from '../../src/hub/scheduler.ts'
import { Hub, type PlayerEnd } from 'millrace/hub'
import { describe, expect, it } from 'vitest'
import { BusyClock, FakeFormat, inter, key, Stage } from './fakes.ts'

/** A task of `steps` steps of 1 ms, that tells when it ran. */
function task(clock: BusyClock, name: string, steps: number, log: string[]): Task {
  let left = steps
  return {
    run(deadlineMs) {
      do {
        log.push(name)
        clock.workedMs += 1
        left--
      } while (left > 0 && clock.now() < deadlineMs)
      return left <= 0
    },
  }
}

describe('turns of the scheduler', () => {
  it('last 4 ms for all together, however many have something to do', () => {
    const clock = new BusyClock()
    const scheduler = new Scheduler(clock)
    const log: string[] = []
    for (let i = 0; i < 100; i++) scheduler.schedule(task(clock, String(i), 1, log))
    const seen: number[] = []
    // Other input gets its turn in between.
    clock.defer(() => seen.push(log.length))
    clock.turn()
    expect([seen, log.length, clock.pending]).toEqual([[4], 100, 0])
  })

  it('go around: whoever is not done waits for the others', () => {
    const clock = new BusyClock()
    const scheduler = new Scheduler(clock)
    const log: string[] = []
    scheduler.schedule(task(clock, 'a', 6, log))
    scheduler.schedule(task(clock, 'b', 1, log))
    scheduler.schedule(task(clock, 'c', 6, log))
    clock.turn()
    expect(log.join('')).toBe('aaaabcccaaccc')
  })

  it('go on after one that throws', () => {
    const clock = new BusyClock()
    const scheduler = new Scheduler(clock)
    const log: string[] = []
    scheduler.schedule({
      run: () => {
        throw new Error('broken')
      },
    })
    scheduler.schedule(task(clock, 'a', 1, log))
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

describe('what is done for each of many', () => {
  it('is done at once as far as it fits a turn, and in turns from there on', () => {
    const clock = new BusyClock()
    const seen: number[] = []
    new Scheduler(clock).forEach(Array(100).keys(), (item) => {
      seen.push(item)
      clock.workedMs += 0.2
    })
    // A look at the clock after each 16: 4 ms are over at the second.
    expect(seen).toHaveLength(32)
    const between: number[] = []
    clock.defer(() => between.push(seen.length))
    clock.turn()
    expect([between, clock.pending]).toEqual([[64], 0])
    expect(seen).toEqual(Array.from(Array(100).keys()))
  })

  it('fits one turn together, however many lists there are', () => {
    const clock = new BusyClock()
    const scheduler = new Scheduler(clock)
    const seen: number[] = []
    const visit = (item: number): void => {
      seen.push(item)
      clock.workedMs += 1
    }
    for (let list = 0; list < 10; list++) scheduler.forEach([2 * list, 2 * list + 1], visit)
    expect(seen).toEqual([0, 1, 2, 3])
    clock.turn()
    expect(seen).toEqual(Array.from(Array(20).keys()))
    scheduler.forEach([20], visit)
    expect([seen.length, clock.pending]).toEqual([21, 0])
  })

  it('leaves nothing for later when it is little', () => {
    const clock = new BusyClock()
    const seen: number[] = []
    new Scheduler(clock).forEach([1, 2, 3], (item) => seen.push(item))
    expect([seen, clock.pending]).toEqual([[1, 2, 3], 0])
  })

  it('goes on behind one that throws', () => {
    const clock = new BusyClock()
    const seen: number[] = []
    const visit = (item: number): void => {
      if (item === 2) throw new Error('broken')
      seen.push(item)
    }
    expect(() => new Scheduler(clock).forEach([1, 2, 3], visit)).toThrow('broken')
    clock.turn()
    expect([seen, clock.pending]).toEqual([[1, 3], 0])
  })
})

describe('a source that closes', () => {
  function crowd(count: number) {
    const clock = new BusyClock()
    const hub = new Hub({}, clock)
    const { source } = hub.publish('/live/show')
    const ended: PlayerEnd[] = []
    const sink = {
      queuedBytes: 0,
      write: () => undefined,
      end: (reason: PlayerEnd) => {
        ended.push(reason)
        clock.workedMs += 0.2
      },
    }
    const format = new FakeFormat()
    const players = Array.from({ length: count }, () => source.attach(sink, { format }))
    return { clock, hub, source, players, ended }
  }

  it('ends its players in turns when they are many; its stream path is free, and everyone else told, at once', () => {
    const { clock, hub, source, ended } = crowd(100)
    let closed = 0
    hub.on('close', () => closed++)
    source.close()
    expect([ended.length, closed, hub.source('/live/show'), source.closed]).toEqual([32, 1, undefined, true])
    clock.turn()
    expect(ended).toEqual(Array(100).fill('closed'))
    expect([source.playerCount, source.stats().views, clock.pending]).toEqual([0, 0, 0])
  })

  it('ends nobody who has left meanwhile', () => {
    const { clock, source, players, ended } = crowd(100)
    source.close()
    for (const player of players) player.detach()
    clock.turn()
    expect([ended.length, source.playerCount]).toEqual([32, 0])
  })

  it('tells of a sink that cannot be ended, also of a late one', () => {
    const { clock, hub, source } = crowd(100)
    const sink = {
      queuedBytes: 0,
      write: () => undefined,
      end: () => {
        throw new Error('broken')
      },
    }
    const late = source.attach(sink, { format: new FakeFormat() })
    const errors: unknown[] = []
    hub.on('fanOutError', (error, of, player) => errors.push([error, of, player]))
    source.close()
    clock.turn()
    expect(errors).toEqual([[new Error('broken'), source, late]])
  })
})
