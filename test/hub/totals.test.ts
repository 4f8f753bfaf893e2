import { expect, it } from 'vitest'
import { audio, inter, key, Stage } from './fakes.ts'

const BODY_BYTES = 9 // of a video packet of the fakes

it('a source counts frames, players and bytes, of those that left as well', () => {
  const stage = new Stage({ graceMs: 100 })
  const first = stage.attach()
  stage.write(key(0, 1), audio(10, 2), inter(40, 3))
  expect(stage.source.totals()).toMatchObject({
    receivedFrames: 2,
    plays: 1,
    sentBytes: first.player!.stats().sentBytes,
  })
  first.player!.detach()
  first.player!.detach()
  const second = stage.attach()
  stage.write(key(80, 4))
  const both = first.player!.stats().sentBytes + second.player!.stats().sentBytes
  expect(first.player!.stats().sentBytes).toBeGreaterThan(0)
  expect(stage.source.totals()).toMatchObject({ plays: 2, sentBytes: both, skips: 0, skippedPackets: 0 })
})

it('viewers without connection count as plays, with the bytes that their door tells', () => {
  const stage = new Stage()
  const leave = stage.source.countViewer()
  stage.source.countSent(1_000)
  leave()
  expect(stage.source.totals()).toMatchObject({ plays: 1, sentBytes: 1_000 })
})

it('the totals of a hub keep what streams did that are over', () => {
  const stage = new Stage({ graceMs: 100 })
  const sink = stage.attach()
  stage.write(key(0, 1), inter(40, 2))
  const { sentBytes } = sink.player!.stats()
  const totals = {
    receivedBytes: 2 * BODY_BYTES,
    receivedFrames: 2,
    sentBytes,
    publishes: 1,
    plays: 1,
    skips: 0,
    skippedPackets: 0,
    skippedMs: 0,
  }
  expect(stage.hub.totals()).toEqual(totals)
  stage.hub.once('close', () => expect(stage.hub.totals()).toEqual(totals))
  stage.publisher.unpublish()
  stage.clock.advance(100)
  expect(stage.hub.source('/live/show')).toBeUndefined()
  expect(stage.hub.totals()).toEqual(totals)
  stage.hub.publish('/live/show')
  expect(stage.hub.totals()).toEqual({ ...totals, publishes: 2 })
})

it('a kicked player leaves, and its sink ends', () => {
  const stage = new Stage()
  const sink = stage.attach()
  stage.write(key(0, 1))
  stage.clock.advance(1_500)
  expect(sink.player!.uptimeMs).toBe(1_500)
  const { sentBytes } = stage.source.totals()
  sink.player!.kick()
  sink.player!.kick()
  stage.write(key(40, 2))
  expect([sink.ended, sink.player!.state, stage.source.playerCount]).toEqual([['kicked'], 'closed', 0])
  expect(stage.source.totals()).toMatchObject({ sentBytes, plays: 1 })
})

it('totals never go back, wherever they are asked for', () => {
  const stage = new Stage()
  stage.write(key(0, 1))
  const sinks = [stage.attach(), stage.attach()]
  const { sentBytes } = stage.hub.totals()
  const seen: number[] = []
  const look = (): number => seen.push(stage.hub.totals().sentBytes)
  stage.hub.on('unpublish', look)
  stage.hub.on('close', look)
  for (const sink of sinks) sink.end = look
  stage.source.close()
  expect(seen).toEqual([sentBytes, sentBytes, sentBytes, sentBytes])
})
