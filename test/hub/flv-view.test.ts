// The hub with the real FLV view and real clips: what goes in is what comes out.
import { FLV_VIEW } from 'millrace/flv'
import { TS_VIEW } from 'millrace/mpegts'
import { packetFromTag } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { toHex } from '../support/bytes.ts'
import { CLIPS, readClip, shown } from '../support/clips.ts'
import { FakeSink, Stage } from './fakes.ts'

interface Tag {
  readonly type: 8 | 9 | 18
  readonly timestamp: number
  readonly body: Uint8Array
}

/** FLV 10.1 §E.4.1, read here by hand: type 8 | size 24 | timestamp 24 | upper 8 | stream id 24 = 0, body, size of it all 32. */
function tagsOf(bytes: Uint8Array, from: number): Tag[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const tags: Tag[] = []
  for (let at = from; at < bytes.length;) {
    const length = view.getUint32(at) & 0xff_ff_ff
    const timestamp = (view.getUint32(at + 4) >>> 8) | (view.getUint8(at + 7) << 24)
    tags.push({
      type: view.getUint8(at) as Tag['type'],
      timestamp,
      body: bytes.subarray(at + 11, at + 11 + length),
    })
    expect([view.getUint32(at + 7) & 0xff_ff_ff, view.getUint32(at + 11 + length)]).toEqual([0, 11 + length])
    at += 15 + length
  }
  return tags
}

/** The tags that a sink got; its first bytes are the FLV header and PreviousTagSize 0. */
function received(sink: FakeSink): Tag[] {
  const bytes = new Uint8Array(sink.writes.reduce((sum, batch) => sum + batch.length, 0))
  let at = 0
  for (const batch of sink.writes) {
    bytes.set(batch, at)
    at += batch.length
  }
  expect(toHex(bytes.subarray(0, 13))).toMatch(/^46 4c 56 01 0[145] 00 00 00 09 00 00 00 00$/)
  return tagsOf(bytes, 13)
}

describe.each(CLIPS)('%s', (clip) => {
  const tags = tagsOf(readClip(clip), 13)

  it('comes out as it went in, from the first keyframe on, with its configuration before', () => {
    const stage = new Stage()
    const sink = new FakeSink()
    stage.source.attach(sink, { format: FLV_VIEW, tracks: 'all' })
    for (const { type, timestamp, body } of tags) {
      stage.publisher.write(packetFromTag(type, timestamp, body))
      stage.clock.advance(5)
    }
    stage.clock.advance(100)
    const out = received(sink)
    const packets = tags.map(({ type, timestamp, body }) => packetFromTag(type, timestamp, body))
    const first = packets.findIndex(({ keyframe }) => keyframe)
    // Decoder configuration, metadata, HDR and channel layouts.
    const configurations = packets.slice(0, 10).filter(({ coded, endOfSequence }) => !coded && !endOfSequence)
    const joined = out.splice(0, configurations.length).map(({ body }) => shown(body, true))
    expect(joined.toSorted()).toEqual(configurations.map(({ body }) => shown(body, false)).toSorted())
    // A stream without video starts with its first sound.
    const start = first < 0 ? packets.findIndex(({ coded }) => coded) : first
    expect(out.map(({ type, body }) => `${type} ${toHex(body)}`)).toEqual(
      tags.slice(start).map(({ type, body }) => `${type} ${toHex(body)}`),
    )
  })

  it('starts at 0 and keeps its deltas', () => {
    const stage = new Stage()
    const consumer = stage.source.consume()
    const offset = 0xff_ff_f0_00
    const got: number[] = []
    for (const { type, timestamp, body } of tags) {
      stage.publisher.write(packetFromTag(type, timestamp + offset, body))
      for (let packet = consumer.read(); packet !== undefined; packet = consumer.read()) {
        if (packet.coded) got.push(packet.dts)
      }
    }
    const sent = tags
      .filter(({ type, body }) => packetFromTag(type, 0, body).coded)
      .map(({ timestamp }) => timestamp)
    expect(got).toEqual(sent.slice(-got.length).map((timestamp) => timestamp - sent[0]!))
  })

  it('has a transport stream view, of whole packets', () => {
    const stage = new Stage()
    const sink = new FakeSink()
    stage.source.attach(sink, { format: TS_VIEW })
    for (const { type, timestamp, body } of tags) stage.publisher.write(packetFromTag(type, timestamp, body))
    stage.clock.advance(100)
    for (const batch of sink.writes) {
      expect(batch.length % 188).toBe(0)
      for (let at = 0; at < batch.length; at += 188) expect(batch[at]).toBe(0x47)
    }
  })
})

it('who joins in the middle gets header, metadata and configuration at the time of the keyframe, then the keyframe', () => {
  const tags = tagsOf(readClip('avc-aac-bframes.flv'), 13)
  const stage = new Stage()
  for (const { type, timestamp, body } of tags) stage.publisher.write(packetFromTag(type, timestamp, body))
  const sink = new FakeSink()
  stage.source.attach(sink, { format: FLV_VIEW })
  const out = received(sink)
  const start = stage.source.log.start()!
  expect(start.dts).toBeGreaterThan(0)
  expect(
    out.slice(0, 4).map(({ type, timestamp, body }) => [type, timestamp, body[0], type === 18 ? 0 : body[1]]),
  ).toEqual([
    [18, 0, 0x02, 0],
    [8, start.dts, 0xaf, 0x00],
    [9, start.dts, 0x17, 0x00],
    [9, start.dts, 0x17, 0x01],
  ])
})
