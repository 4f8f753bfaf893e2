import { type Forwarder, ForwardService } from 'millrace/services/relay'
import { expect, it } from 'vitest'
import { ForwardStage } from './stage.ts'

it('forwards single streams to what the caller names, and shows every target', async () => {
  const stage = new ForwardStage()
  const service = new ForwardService(stage.forwarder({ targets: ['rtmp://target/configured'] }))
  const encoder = stage.encoder()
  const target = { vhost: '__defaultVhost__', source: encoder.publisher.source }
  await encoder.send(500)
  expect(service.isRunning(target)).toBe(false)
  expect(service.status(target)).toMatchObject({ targets: [{ url: 'rtmp://target/configured/***' }] })
  service.start(target, { targets: ['rtmp://target/a/key', { url: 'rtmp://target/b/key', name: 'b' }] })
  await encoder.send(500)
  expect(service.isRunning(target)).toBe(true)
  expect(service.list()).toMatchObject([
    { name: 'rtmp://target/configured/***', state: 'connected', streamPath: '/live/show' },
    { name: 'rtmp://target/a/***', state: 'connected', streamPath: '/live/show' },
    { name: 'b', state: 'connected', streamPath: '/live/show' },
  ])
  expect(JSON.stringify([service.list(), service.status(target)])).not.toContain('key')
  void service.stop(target)
  await stage.advance(2_500)
  expect(service.isRunning(target)).toBe(false)
  expect(service.list()).toHaveLength(1)
})

it('refuses options that are wrong, without a word of the URL', async () => {
  const stage = new ForwardStage()
  const service = new ForwardService(stage.forwarder({ maxTargets: 2 }))
  const { source } = stage.encoder().publisher
  const target = { vhost: '__defaultVhost__', source }
  expect(service.status(target)).toBeUndefined()
  for (const [options, message] of [
    [undefined, 'forward: '],
    [{}, 'targets'],
    [{ targets: [] }, 'names no target'],
    [{ targets: ['http://host/s3cret'] }, 'not an RTMP URL'],
    [{ targets: ['rtmp://host/live'], retry: {} }, 'retry'],
    [{ targets: ['rtmp://a/live', 'rtmp://b/live', 'rtmp://c/live'] }, '3 targets, at most 2'],
  ] as const) {
    expect(() => service.start(target, options)).toThrow(TypeError)
    expect(() => service.start(target, options)).toThrow(message)
    expect(() => service.start(target, options)).not.toThrow('s3cret')
  }
  await stage.settle()
  expect(service.isRunning(target)).toBe(false)
})

it('may have its forwarder later, or none', async () => {
  const stage = new ForwardStage()
  let forwarder: Forwarder | undefined
  const service = new ForwardService(() => forwarder)
  const encoder = stage.encoder()
  const target = { vhost: '__defaultVhost__', source: encoder.publisher.source }
  const targets = ['rtmp://target/a/key']
  expect(() => service.start(target, { targets })).toThrow('forwarding is off')
  expect([service.isRunning(target), service.status(target), service.list()]).toEqual([false, undefined, []])
  await service.stop(target)
  forwarder = stage.forwarder()
  service.start(target, { targets })
  expect(service.isRunning(target)).toBe(true)
})
