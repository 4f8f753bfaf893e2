// A defect of a sink or a wire format ends those whom it concerns, once, and nobody else.
import type { Player } from 'millrace/hub'
import type { Framing, MediaPacket, ViewFormat } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { FakeSink, inter, key, Stage } from './fakes.ts'

const BROKEN = new Error('broken')

class BrokenSink extends FakeSink {
  throwsAtWrite = 2
  throwsAtEnd = false

  override write(batch: Uint8Array): void {
    super.write(batch)
    if (this.writes.length === this.throwsAtWrite) throw BROKEN
  }

  override end(reason: 'failed'): void {
    super.end(reason)
    if (this.throwsAtEnd) throw new Error('broken at the end as well')
  }
}

/** A format whose framing throws at a packet of that dts. */
class BrokenFormat implements ViewFormat {
  readonly name = 'broken'
  readonly throwsAtDts: number

  constructor(throwsAtDts: number) {
    this.throwsAtDts = throwsAtDts
  }

  create(): Framing {
    return {
      join: () => new Uint8Array(1),
      frame: (packets: readonly MediaPacket[]) => {
        if (packets.some(({ dts }) => dts === this.throwsAtDts)) throw BROKEN
        return new Uint8Array(packets.length)
      },
    }
  }
}

function watched(stage: Stage): [unknown, string, Player | undefined][] {
  const errors: [unknown, string, Player | undefined][] = []
  stage.hub.on('fanOutError', (error, { streamPath }, player) => errors.push([error, streamPath, player]))
  return errors
}

describe('a sink that throws', () => {
  it.each([false, true])(
    'is ended with its player, told once; the others go on (end throws: %s)',
    (throwsAtEnd) => {
      const stage = new Stage()
      const errors = watched(stage)
      const before = stage.attach()
      const sink = new BrokenSink()
      sink.throwsAtEnd = throwsAtEnd
      const player = stage.attach({}, sink).player!
      const after = stage.attach()
      stage.write(key(0, 1), inter(40, 2))
      stage.write(inter(80, 3))
      expect([before.said, after.said]).toEqual(['[] V1 v2 v3', '[] V1 v2 v3'])
      expect([player.state, sink.ended, sink.writes.length]).toEqual(['closed', ['failed'], 2])
      expect(errors).toEqual([[BROKEN, '/live/show', player]])
      expect(stage.source.stats()).toMatchObject({ players: 2, views: 1 })
      expect(stage.source.totals().sentBytes).toBe(
        player.stats().sentBytes + 2 * before.player!.stats().sentBytes,
      )
    },
  )

  it('at the join: attach gives a player that has ended', () => {
    const stage = new Stage()
    const errors = watched(stage)
    stage.write(key(0, 1))
    const sink = new BrokenSink()
    sink.throwsAtWrite = 1
    stage.attach({}, sink)
    expect([sink.player!.state, sink.ended, errors.length]).toEqual(['closed', ['failed'], 1])
    expect(stage.source.stats()).toMatchObject({ players: 0, views: 0 })
  })

  it('when it drains', () => {
    const stage = new Stage()
    const errors = watched(stage)
    stage.write(key(0, 1))
    const sink = new BrokenSink()
    sink.stalled = true
    sink.throwsAtWrite = 3
    stage.attach({ sinkBudgetBytes: 1 }, sink)
    stage.write(inter(40, 2))
    expect(errors).toEqual([])
    for (let i = 0; i < 3; i++) sink.take()
    expect([sink.ended, errors.length]).toEqual([['failed'], 1])
  })

  it('when the source closes: the others hear of the end', () => {
    const stage = new Stage()
    const errors = watched(stage)
    stage.write(key(0, 1))
    const sink = new BrokenSink()
    sink.throwsAtEnd = true
    sink.throwsAtWrite = Infinity
    stage.attach({}, sink)
    const other = stage.attach()
    stage.source.close()
    expect([sink.ended, other.ended, errors.length]).toEqual([['closed'], ['closed'], 1])
  })

  it('the last one makes the source idle', () => {
    const stage = new Stage()
    let idle = 0
    stage.source.on('idle', () => idle++)
    stage.attach({}, new BrokenSink())
    stage.write(key(0, 1))
    stage.write(inter(40, 2))
    expect(idle).toBe(1)
  })
})

describe('a format that throws', () => {
  it('takes its players along, told once; those of other formats go on', () => {
    const stage = new Stage()
    const errors = watched(stage)
    stage.write(key(0, 1))
    const format = new BrokenFormat(80)
    const broken = [0, 1, 2].map(() => stage.source.attach(new FakeSink(), { format }))
    const whole = stage.attach()
    stage.write(inter(40, 2))
    stage.write(inter(80, 3))
    stage.write(inter(120, 4))
    expect(broken.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed'])
    expect(errors).toEqual([[BROKEN, '/live/show', undefined]])
    expect(whole.said).toBe('[] V1 v2 v3 v4')
    expect(stage.source.stats()).toMatchObject({ players: 1, views: 1, framing: { batches: 6 } })
  })

  it('at what is cached already: attach throws, and nothing is left behind', () => {
    const stage = new Stage()
    const errors = watched(stage)
    stage.write(key(0, 1))
    expect(() => stage.source.attach(new FakeSink(), { format: new BrokenFormat(0) })).toThrow(BROKEN)
    expect([errors, stage.source.stats()]).toMatchObject([[], { players: 0, views: 0 }])
    stage.write(inter(40, 2))
    stage.hub.close()
    expect(stage.clock.pending).toBe(0)
  })

  it('for other tracks: the player that asks for them ends', () => {
    const stage = new Stage()
    const errors = watched(stage)
    const format = new BrokenFormat(0)
    const sink = new FakeSink()
    sink.player = stage.source.attach(sink, { format, tracks: 'audio' })
    stage.write(key(0, 1))
    expect(sink.ended).toEqual([])
    sink.player.setTracks('all')
    expect([sink.ended, sink.player.state, errors]).toEqual([
      ['failed'],
      'closed',
      [[BROKEN, '/live/show', sink.player]],
    ])
  })

  it('at the configuration of those who join: attach throws', () => {
    const stage = new Stage()
    const errors = watched(stage)
    stage.write(key(0, 1))
    const format: ViewFormat = {
      name: 'no join',
      create: () => ({
        join: () => {
          throw BROKEN
        },
        frame: () => new Uint8Array(1),
      }),
    }
    expect(() => stage.source.attach(new FakeSink(), { format })).toThrow(BROKEN)
    expect(errors).toEqual([])
  })
})

it('an error of the source itself ends the source: players and publisher are told, the hub stays', () => {
  const stage = new Stage()
  const errors = watched(stage)
  const lost: string[] = []
  stage.publisher.unpublish()
  stage.publisher = stage.hub.publish('/live/show', { onLost: (reason) => lost.push(reason) })
  const sink = stage.attach()
  stage.write(key(0, 1))
  // Eviction is the source's own work at the end of a round.
  stage.source.log.evict = () => {
    throw BROKEN
  }
  stage.write(key(1_000, 2))
  expect(errors).toEqual([[BROKEN, '/live/show', undefined]])
  expect([sink.ended, lost, stage.source.closed]).toEqual([['failed'], ['closed'], true])
  expect([stage.hub.stats().sources, stage.clock.pending]).toEqual([0, 0])
})
