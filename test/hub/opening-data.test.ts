import type { Consumer } from 'millrace/hub'
import { packetFromTag } from 'millrace/media'
import { expect, it } from 'vitest'
import { audio, audioConfig, inter, key, metadata, nameOf, Stage, text, videoConfig } from './fakes.ts'

function readAll(consumer: Consumer): string {
  const names: string[] = []
  for (let packet = consumer.read(); packet !== undefined; packet = consumer.read())
    names.push(nameOf(packet))
  return names.join(' ')
}

it('data messages from before the first media come to whoever asks for them, once, behind the metadata', () => {
  const stage = new Stage()
  const early = stage.source.consume({ openingData: true, start: 'packet' })
  stage.write(metadata(0, 1), text(0, 2), audioConfig(0, 3), videoConfig(0, 4), text(0, 5))
  stage.write(audio(0, 6), text(10, 7), key(20, 8), inter(40, 9))
  const late = stage.source.consume({ openingData: true })
  expect(readAll(late)).toBe('M!1 d2 d5 A!3 V!4 V8 v9')
  expect(readAll(early)).toBe('M!1 d2 A!3 V!4 d5 a6 d7 V8 v9')
  expect(readAll(stage.source.consume())).toBe('M!1 A!3 V!4 V8 v9')
})

it('they are those of the present publisher, and not repeated for one that fell behind', () => {
  const stage = new Stage({ maxLagMs: 100 })
  stage.write(text(0, 1), videoConfig(0, 2), key(0, 3))
  const consumer = stage.source.consume({ openingData: true })
  expect(readAll(consumer)).toBe('d1 V!2 V3')
  for (let i = 1; i <= 40; i++) stage.write(key(i * 1_000, 100 + i))
  expect(readAll(consumer)).not.toMatch(/d1/)
  stage.republishAfter(0)
  stage.write(text(0, 4), videoConfig(0, 5), key(0, 6))
  expect(readAll(stage.source.consume({ openingData: true }))).toBe('d4 V!5 V6')
})

it('no more than 32 messages and 64 KiB are kept', () => {
  const stage = new Stage()
  for (let i = 0; i < 100; i++) stage.write(text(0, i))
  stage.write(key(0, 1))
  expect(readAll(stage.source.consume({ openingData: true })).match(/d/g)).toHaveLength(32)
  const large = new Stage()
  const body = new Uint8Array(32_768)
  body.set(text(0, 7).body)
  for (let i = 0; i < 3; i++) large.write(packetFromTag(18, 0, body))
  large.write(key(0, 1))
  expect(readAll(large.source.consume({ openingData: true }))).toBe('d0 d0 V1')
})
