import { packetFromTag } from 'millrace/media'
import { expect, it } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import { Stage } from './fakes.ts'

const name = (text: string): Uint8Array => join(hex(text.length.toString(16).padStart(4, '0')), ascii(text))
/** AMF0 number 10: marker, double. */
const TEN = hex('00 40 24 00 00 00 00 00 00')
const ON_META_DATA = join(hex('02'), name('onMetaData'))
const END = hex('00 00 09')

/** What players get of a metadata body. */
function live(body: Uint8Array): Uint8Array {
  const stage = new Stage()
  stage.write(packetFromTag(18, 0, body))
  expect(stage.source.log.at(0)!.body).toEqual(stage.source.configuration.metadata!.body)
  return stage.source.configuration.metadata!.body
}

it('duration, size and keyframe index of a file do not reach players; all else does, as it came', () => {
  const before = join(name('width'), TEN, name('title'), hex('02'), name('10 ×'.replace('×', 'x')))
  const index = join(name('keyframes'), hex('03'), name('times'), hex('0a 00 00 00 01'), TEN, END)
  const after = join(name('encoder'), hex('02'), name('Lavf58'), name('stereo'), hex('01 01'))
  const dates = join(name('creationdate'), hex('0b 42 70 00 00 00 00 00 00 00 00'))
  const body = join(
    ON_META_DATA,
    hex('08 00 00 00 08'), // ECMA array of 8
    ...[name('duration'), TEN, before, name('filesize'), TEN, index, dates, after, END],
  )
  expect(live(body)).toEqual(join(ON_META_DATA, hex('08 00 00 00 05'), before, dates, after, END))
})

it('of an object as well, also without its end marker and with what follows', () => {
  const object = join(ON_META_DATA, hex('03'))
  expect(live(join(object, name('duration'), TEN, name('width'), TEN, END, TEN))).toEqual(
    join(object, name('width'), TEN, END, TEN),
  )
  expect(live(join(object, name('width'), TEN, name('filesize'), TEN))).toEqual(
    join(object, name('width'), TEN),
  )
})

it('what is no metadata of a file, or damaged, stays as it is', () => {
  for (const rest of [
    TEN, // a number
    join(hex('03'), name('width'), TEN, END),
    join(hex('03'), name('duration'), hex('00 40 24')), // cut off
    join(hex('03'), name('duration'), hex('04'), END), // a movie clip, which is reserved
    join(hex('08 00 00 00 00'), name('inner'), hex('03'), name('duration'), TEN, END, END), // within another object
  ]) {
    expect(live(join(ON_META_DATA, rest))).toEqual(join(ON_META_DATA, rest))
  }
})
