import { removeEmulationPrevention } from 'millrace/codec'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

test.each([
  ['00 00 03 00', '00 00 00'],
  ['00 00 03 01', '00 00 01'],
  ['00 00 03 02', '00 00 02'],
  ['00 00 03 03', '00 00 03'],
  ['67 00 00 03 00 00 03 01 80', '67 00 00 00 00 01 80'],
  ['25 00 1f e2 22 00 00 03 02 00 00 80 ab ff', '25 00 1f e2 22 00 00 02 00 00 80 ab ff'],
  ['00 00 03 00 00 00 03 01 00 00 03 02', '00 00 00 00 00 01 00 00 02'],
  ['65 00 00 03', '65 00 00'], // cabac_zero_words end so
])('%s becomes %s', (escaped, plain) => {
  expect(removeEmulationPrevention(hex(escaped))).toEqual(hex(plain))
})

test.each(['', '00', '00 00', '00 00 04', '00 01 03 00', '01 00 03 00', '03 00 00', '65 88 84 00 21'])(
  '%s stays, and is not copied',
  (plain) => {
    const bytes = hex(plain)
    expect(removeEmulationPrevention(bytes)).toBe(bytes)
  },
)

test('an escape at every offset', () => {
  for (let before = 0; before < 12; before++) {
    const head = 'ab'.repeat(before)
    expect(removeEmulationPrevention(hex(`${head}00000301cd`))).toEqual(hex(`${head}000001cd`))
    const zeros = `${'ab'.repeat(before)}00`
    expect(removeEmulationPrevention(hex(`${zeros}00000301cd`))).toEqual(hex(`${zeros}000001cd`))
  }
})
