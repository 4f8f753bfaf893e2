import { type ServiceInfo, StreamServices } from 'millrace/services/control'
import { Recorder, RecordService } from 'millrace/services/recording'
import { expect, it } from 'vitest'
import { audioConfig, inter, key, videoConfig } from '../../hub/fakes.ts'
import { ApiStage } from '../http-api/api-stage.ts'
import { MemoryStore } from './memory-store.ts'
import { EPOCH, settle, Stage } from './stage.ts'

const FRAMES = [videoConfig(0), audioConfig(0), key(0), inter(200), inter(400), key(1000)]

it('starts, shows and stops recordings on a stream', async () => {
  const stage = new Stage({ start: 'on-demand' })
  const service = new RecordService(stage.recorder)
  const publisher = stage.hub.publish('/live/show')
  const target = { vhost: '__defaultVhost__', source: publisher.source }
  expect([service.isRunning(target), service.status(target), service.list()]).toEqual([false, undefined, []])
  service.start(target, { path: 'clips/[stream].flv' })
  await stage.play(publisher, FRAMES)
  await stage.advance(500)
  const recording = {
    state: 'recording',
    stream: '/live/show',
    file: 'clips/show.flv',
    format: 'flv',
    started: new Date(EPOCH).toISOString(),
    duration: 1,
    bytes: stage.bytes('clips/show.flv').length,
    skips: 0,
  }
  expect(service.isRunning(target)).toBe(true)
  expect(service.status(target)).toEqual(recording)
  expect(service.list()).toEqual([recording])
  service.stop(target)
  await settle()
  expect(service.isRunning(target)).toBe(false)
  expect(service.status(target)).toBeUndefined()
  expect(service.list()).toEqual([
    { ...recording, state: 'finished', file: 'memory:clips/show.flv', duration: 1.6, reason: 'stopped' },
  ])
})

it('remembers what failed, and the last 100 files', async () => {
  const stage = new Stage()
  const service = new RecordService(stage.recorder)
  stage.store.quota = 0
  const publisher = stage.hub.publish('/live/show')
  await stage.play(publisher, FRAMES)
  await stage.advance(500)
  expect(service.list()).toMatchObject([{ state: 'failed', stream: '/live/show', error: 'ENOSPC' }])
  stage.store.quota = Infinity
  for (let i = 0; i < 101; i++) {
    const next = stage.hub.publish('/live/show', { takeOver: true })
    for (const packet of FRAMES) next.write(packet)
    next.unpublish()
    await settle()
  }
  const states = service.list().map(({ state }: ServiceInfo) => state)
  expect(states).toEqual(Array.from({ length: 100 }, () => 'finished'))
})

it('refuses what leads out of the store: 400 for the caller of the API', async () => {
  const services = new StreamServices()
  const api = new ApiStage({ services })
  const recorder = new Recorder({ hub: api.hub, store: new MemoryStore(), start: 'on-demand' })
  services.register('record', new RecordService(recorder))
  api.hub.publish('/live/show')
  const [stream] = await api.list('streams')
  const path = `/api/v1/streams/${String(stream!['id'])}/services/record`
  const headers = { 'content-type': 'application/json' }
  for (const body of [
    { path: '../../etc/[stream].flv' },
    { path: '/etc/cron.d/x.flv' },
    { path: 'a/[nope].flv' },
    { path: '' },
    { path: 'x'.repeat(1025) },
    { path: 7 },
    { format: 'avi' },
    { directory: '/' },
    [],
    'x.flv',
  ]) {
    const answer = await api.ask(path, { method: 'PUT', headers, body: JSON.stringify(body) })
    expect([answer.status, answer.body['code']], JSON.stringify(body)).toEqual([400, 400])
  }
  expect((await api.ask(path, { method: 'PUT', headers, body: '{"format":"mp4"}' })).status).toBe(200)
})
