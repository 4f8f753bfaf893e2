import { demuxFlv } from 'millrace/flv'
import type { RecoveryWitness } from 'millrace/services/recording'
import { describe, expect, it, test } from 'vitest'
import { readClip } from '../../support/clips.ts'
import { EPOCH, metadataOf, settle, Stage } from './stage.ts'

const CLIP = demuxFlv(readClip('avc-aac-bframes.flv'))

/** A stage whose process was killed while it recorded, its file cut off at `share` of its bytes, and the next process's recorder. */
async function crashed(
  path: string,
  share = 1,
): Promise<{ stage: Stage; recorder: ReturnType<Stage['record']> }> {
  const stage = new Stage({ path })
  await stage.play(stage.hub.publish('/live/show'), CLIP)
  await stage.advance(500)
  stage.store.crash()
  const [file] = stage.store.temporary.values()
  file!.bytes = file!.bytes.slice(0, Math.floor(file!.bytes.length * share))
  return { stage, recorder: stage.record({ start: 'on-demand', vhost: '__defaultVhost__' }) }
}

it('an MP4 whose note is none of ours is finished without one', async () => {
  const { stage, recorder } = await crashed('[stream].mp4')
  const [file] = stage.store.temporary.values()
  const text = Buffer.from(file!.bytes.buffer, file!.bytes.byteOffset, file!.bytes.length)
  const at = text.indexOf('millrace {') + 'millrace '.length
  text.fill(' ', at, text.indexOf('}', at) + 1).write('null', at)
  expect(await recorder.recover()).toMatchObject([{ streamPath: '', reason: 'recovered', fragmented: false }])
  expect(stage.failures).toEqual([])
})

it('an MP4 that is too large for an index stays as it is, and plays', async () => {
  const { stage, recorder } = await crashed('[stream].mp4')
  const [file] = stage.store.temporary.values()
  const fragmented = file!.bytes
  // size, type: a moof beyond maxBoxBytes, as of millions of samples
  const moof = new Uint8Array(16_777_217)
  moof.set([0x01, 0x00, 0x00, 0x01, 0x6d, 0x6f, 0x6f, 0x66])
  file!.bytes = Buffer.concat([fragmented, moof])
  const [recovered] = await recorder.recover()
  expect(recovered).toMatchObject({ streamPath: '/live/show', reason: 'recovered', fragmented: true })
  expect(recovered!.durationMs).toBeGreaterThan(3_000)
  expect(stage.bytes('show.mp4').length).toBeGreaterThan(fragmented.length / 2)
  expect(stage.failures).toEqual([])
})

describe('FLV', () => {
  it('is as if it had been finished', async () => {
    const whole = new Stage({ path: '[stream].flv' })
    const publisher = whole.hub.publish('/live/show')
    await whole.play(publisher, CLIP)
    publisher.unpublish()
    await settle()
    const { stage, recorder } = await crashed('[stream].flv')
    expect(await recorder.recover()).toMatchObject([
      {
        streamPath: '/live/show',
        startedAtMs: expect.closeTo(EPOCH, -3) as number,
        reason: 'recovered',
        durationMs: 8081,
        skips: 0,
      },
    ])
    expect(stage.bytes('show.flv')).toEqual(whole.bytes('show.flv'))
    expect(stage.finished).toMatchObject([{ reason: 'recovered' }])
    expect(await recorder.recover()).toEqual([])
  })

  test.each([0.999, 0.9, 0.777, 0.5, 0.25])('cut off at %d is whole up to its last tag', async (share) => {
    const { stage, recorder } = await crashed('[stream].flv', share)
    const [recovered] = await recorder.recover()
    const bytes = stage.bytes('show.flv')
    expect(recovered!.byteLength).toBe(bytes.length)
    const packets = demuxFlv(bytes)
    const metadata = metadataOf(bytes)
    expect(metadata['filesize']).toBe(bytes.length)
    expect(metadata['duration']).toBe(recovered!.durationMs / 1000)
    expect(metadata['lasttimestamp']).toBe(Math.max(...packets.map(({ dts }) => dts)) / 1000)
    const times = (metadata['keyframes'] as { times: number[] }).times.slice(1)
    expect(times).toEqual(packets.filter(({ keyframe }) => keyframe).map(({ dts }) => dts / 1000))
    const expected = CLIP.filter(({ coded }) => coded)
    const found = packets.filter(({ coded }) => coded)
    expect(found.every(({ body }, i) => Buffer.compare(body, expected[i]!.body) === 0)).toBe(true)
  })

  test.each([0, 0.0001, 0.02])('without media (%d of it) is removed', async (share) => {
    const { stage, recorder } = await crashed('[stream].flv', share)
    expect(await recorder.recover()).toEqual([])
    expect(stage.store.temporary.size).toBe(0)
    expect(stage.keys).toEqual([])
    expect(stage.failures).toEqual([])
    expect(stage.removed).toMatchObject([{ key: 'show.flv', reason: 'there is no media in it' }])
  })

  it('damage in the middle ends it there', async () => {
    const { stage, recorder } = await crashed('[stream].flv')
    const [file] = stage.store.temporary.values()
    file!.bytes.fill(0xee, 100_000, 110_000)
    const [recovered] = await recorder.recover()
    expect(recovered!.byteLength).toBeGreaterThan(90_000)
    expect(recovered!.byteLength).toBeLessThanOrEqual(100_000)
  })
})

describe('MP4', () => {
  test.each([1, 0.9, 0.777, 0.5, 0.25])('cut off at %d is finished', async (share) => {
    const { stage, recorder } = await crashed('[stream].mp4', share)
    const [recovered] = await recorder.recover()
    expect(recovered!.durationMs).toBeGreaterThan(share * 4_000)
    expect(recovered!.byteLength).toBe(stage.bytes('show.mp4').length)
  })

  test.each([0, 0.0001, 0.003])('without media (%d of it) is removed', async (share) => {
    const { stage, recorder } = await crashed('[stream].mp4', share)
    expect(await recorder.recover()).toEqual([])
    expect(stage.store.temporary.size).toBe(0)
    expect(stage.failures).toEqual([])
  })
})

it('files of another virtual host are left to its recorder', async () => {
  for (const path of ['[stream].flv', '[stream].mp4']) {
    const { stage } = await crashed(path)
    const other = stage.record({ vhost: 'other.example', start: 'on-demand' })
    expect(await other.recover()).toEqual([])
    expect(stage.store.temporary.size).toBe(1)
  }
})

it('files that are being written are not touched', async () => {
  const stage = new Stage()
  await stage.play(stage.hub.publish('/live/show'), CLIP.slice(0, 100))
  expect(await stage.recorder.recover()).toEqual([])
  expect(stage.recorder.recordings()).toHaveLength(1)
})

it('one that cannot be finished is told of, stays, and keeps none of the others', async () => {
  const { stage, recorder } = await crashed('[stream].flv')
  const [file] = stage.store.temporary.values()
  const broken = await stage.store.create('a.mp4')
  await broken.append(Uint8Array.of(0, 0, 0, 8, 0x6d, 0x6f, 0x6f, 0x76)) // moov without anything in it
  await broken.close()
  expect(await recorder.recover()).toHaveLength(1)
  expect(file!.closed).toBe(true)
  expect(stage.failures).toMatchObject([{ key: 'a.mp4', streamPath: undefined }])
  expect(stage.store.temporary.has('a.mp4')).toBe(true)
})

it('what the store removed or could not read is told, and keeps none of the others', async () => {
  const { stage } = await crashed('[stream].flv')
  const store = {
    create: (key: string) => stage.store.create(key),
    reopen: (key: string) => stage.store.reopen(key),
    unfinished: (witness?: RecoveryWitness) => {
      witness?.removed('film.mp4', 'a copy that was not ready')
      witness?.failed('lost+found', Object.assign(new Error('EACCES'), { code: 'EACCES' }))
      return stage.store.unfinished()
    },
  }
  const recorder = stage.record({ start: 'on-demand', store })
  expect(await recorder.recover()).toMatchObject([{ streamPath: '/live/show' }])
  expect(stage.removed).toMatchObject([{ key: 'film.mp4', reason: 'a copy that was not ready' }])
  expect(stage.failures).toMatchObject([{ key: 'lost+found', error: { code: 'EACCES' } }])
})

it('a store that can be listed once only keeps none of the others', async () => {
  const { stage } = await crashed('[stream].flv')
  await (await stage.store.create('a.flv')).close()
  let lists = 0
  const store = {
    create: (key: string) => stage.store.create(key),
    reopen: (key: string) => (key === 'a.flv' ? Promise.reject(new Error('EIO')) : stage.store.reopen(key)),
    unfinished: () => (lists++ === 0 ? stage.store.unfinished() : Promise.reject(new Error('EIO'))),
  }
  const recorder = stage.record({ start: 'on-demand', store })
  expect(await recorder.recover()).toMatchObject([{ streamPath: '/live/show' }])
  expect(stage.failures).toMatchObject([{ key: 'a.flv' }])
})
