import { type Amf0Value, decodeAmf0, propertiesOf } from 'millrace/amf0'
import { describe, expect, it } from 'vitest'
import { hex } from '../support/bytes.ts'

// Some encoders send the command object of `connect` as an ECMA array; those of Enhanced RTMP put a strict array
// (fourCcList) into it, which decoders that know none have taken for garbage.
const CONNECT = '02 0007 636f6e6e656374  00 3ff0000000000000'
const APP = '0003 617070 02 0004 6c697665'
const FOURCC_LIST = '000a 666f757243634c697374  0a 00000002  02 0004 61763031  02 0004 68766331' // ['av01', 'hvc1']

describe('connect', () => {
  it.each([
    { name: 'an object', commandObject: `03 ${APP} ${FOURCC_LIST} 000009` },
    { name: 'an ECMA array', commandObject: `08 00000002 ${APP} ${FOURCC_LIST} 000009` },
    { name: 'an ECMA array of count 0', commandObject: `08 00000000 ${APP} ${FOURCC_LIST} 000009` },
    { name: 'a typed object', commandObject: `10 0001 41 ${APP} ${FOURCC_LIST} 000009` },
  ])('with $name', ({ commandObject }) => {
    const values: Amf0Value[] = decodeAmf0(hex(`${CONNECT} ${commandObject}`))
    expect(values.slice(0, 2)).toEqual(['connect', 1])
    expect(propertiesOf(values[2])).toEqual({ app: 'live', fourCcList: ['av01', 'hvc1'] })
  })
})
