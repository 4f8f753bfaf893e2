import { splitAggregate } from 'millrace/rtmp'
import { expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'

// type 8 | size 24 | timestamp 24 | timestamp high 8 | stream id 24 | body | back pointer 32
const VIDEO = hex('09 000002 0003e8 00 000000 1701 0000000d') // 1000 ms
const AUDIO = hex('08 000003 0003fd 00 000000 af01ff 0000000e') // 1021 ms
const DATA = hex('12 000001 0003e8 00 000000 02 0000000c') // 1000 ms

test('parts with the timestamps of the message', () => {
  expect(splitAggregate(5000, join(VIDEO, AUDIO, DATA))).toEqual([
    { messageTypeId: 9, timestamp: 5000, body: hex('1701') },
    { messageTypeId: 8, timestamp: 5021, body: hex('af01ff') },
    { messageTypeId: 18, timestamp: 5000, body: hex('02') },
  ])
})

test('the same clock: nothing moves', () => {
  expect(splitAggregate(1000, join(VIDEO, AUDIO)).map(({ timestamp }) => timestamp)).toEqual([1000, 1021])
})

test('a message at 2^32 - 10 ms wraps within', () => {
  const timestamps = splitAggregate(0xffff_fff6, join(VIDEO, AUDIO)).map(({ timestamp }) => timestamp)
  expect(timestamps).toEqual([0xffff_fff6, 11])
})

test('extended timestamps of the parts', () => {
  const late = hex('08 000000 000005 ff 000000 0000000b') // 0xff000005 ms
  expect(splitAggregate(0xff00_0005, late)[0]?.timestamp).toBe(0xff00_0005)
})

test('the filter bit and the reserved bits are not part of the type', () => {
  expect(splitAggregate(0, hex('e9 000000 000000 00 000000 0000000b'))[0]?.messageTypeId).toBe(9)
})

test('the last back pointer may be missing or cut', () => {
  const whole = join(VIDEO, AUDIO)
  for (const cut of [1, 2, 3, 4]) {
    expect(splitAggregate(0, whole.subarray(0, whole.length - cut))).toHaveLength(2)
  }
})

test('an empty aggregate has no parts', () => expect(splitAggregate(0, hex(''))).toEqual([]))

test.each([
  ['a header that is cut', VIDEO.subarray(0, 10)],
  ['a body that is cut', VIDEO.subarray(0, 12)],
  ['a size beyond the end', hex('09 ffffff 000000 00 000000 17')],
])('%s', (_, body) => {
  expect(() => splitAggregate(0, body)).toThrow(
    expect.objectContaining({ name: 'DecodeError', code: 'ERR_RTMP_AGGREGATE' }),
  )
})

test('maxParts at n and n + 1', () => {
  const two = join(VIDEO, AUDIO)
  expect(splitAggregate(0, two, 2)).toHaveLength(2)
  expect(() => splitAggregate(0, join(two, DATA), 2)).toThrow(
    expect.objectContaining({ name: 'LimitError', code: 'ERR_RTMP_AGGREGATE_PARTS' }),
  )
})
