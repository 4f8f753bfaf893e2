import fc from 'fast-check'
import { MediaError } from 'millrace/errors'
import { type ProxyHeader, ProxyProtocolDecoder } from 'millrace/node'
import { describe, expect, test } from 'vitest'
import { ascii, everySplit, hex, join, toHex } from '../../support/bytes.ts'
import { fuzzRuns } from '../../support/fuzz.ts'

const SIGNATURE = '0d0a0d0a 00 0d0a 51554954 0a' // CR LF CR LF NUL CR LF Q U I T LF
const C0 = hex('03')

const headers: readonly { name: string; bytes: Uint8Array; header: Partial<ProxyHeader> }[] = [
  {
    name: 'version 1, IPv4',
    bytes: ascii('PROXY TCP4 192.0.2.7 198.51.100.1 56324 1935\r\n'),
    header: { sourceAddress: '192.0.2.7', sourcePort: 56_324 },
  },
  {
    name: 'version 1, IPv6',
    bytes: ascii('PROXY TCP6 2001:db8:0:0::7 2001:db8::1 65535 1935\r\n'),
    header: { sourceAddress: '2001:db8::7', sourcePort: 65_535 },
  },
  {
    name: 'version 1, longest',
    // 107 bytes with CRLF, §2.1
    bytes: ascii(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`),
    header: {},
  },
  { name: 'version 1, UNKNOWN', bytes: ascii('PROXY UNKNOWN\r\n'), header: {} },
  {
    name: 'version 2, IPv4',
    // version 2 and command PROXY, AF_INET and STREAM, 12 bytes: source, destination, ports
    bytes: hex(`${SIGNATURE} 21 11 000c c0000207 c6336401 dc04 078f`),
    header: { sourceAddress: '192.0.2.7', sourcePort: 56_324 },
  },
  {
    name: 'version 2, IPv6 with TLVs',
    // AF_INET6 and STREAM, 36 bytes of addresses, PP2_TYPE_AUTHORITY (02) of 4 bytes
    bytes: join(
      hex(`${SIGNATURE} 21 21 002b`),
      hex('20010db8 00000000 00000000 00000007  20010db8 00000000 00000000 00000001  ffff 078f'),
      hex('02 0004 68 6f 73 74'),
    ),
    header: { sourceAddress: '2001:db8::7', sourcePort: 65_535 },
  },
  { name: 'version 2, LOCAL', bytes: hex(`${SIGNATURE} 20 00 0000`), header: {} },
  {
    name: 'version 2, LOCAL with addresses, which count for nothing',
    bytes: hex(`${SIGNATURE} 20 11 000c c0000207 c6336401 dc04 078f`),
    header: {},
  },
  { name: 'version 2, UNSPEC', bytes: hex(`${SIGNATURE} 21 00 0003 040000`), header: {} },
  {
    name: 'version 2, UNIX',
    bytes: join(hex(`${SIGNATURE} 21 31 00d8`), new Uint8Array(216)),
    header: {},
  },
  {
    name: 'version 2, longest that is taken',
    bytes: join(hex(`${SIGNATURE} 20 00 0800`), new Uint8Array(2048)),
    header: {},
  },
]

describe.each(headers)('$name', ({ bytes, header }) => {
  test('at every split, with what follows', () => {
    // Long headers only around their ends: the middle is filling.
    const cut = bytes.length > 300 ? bytes.length - 20 : 0
    for (const parts of everySplit(join(bytes.subarray(cut), C0))) {
      const decoder = new ProxyProtocolDecoder()
      decoder.push(bytes.subarray(0, cut))
      const rest: number[] = []
      let complete = false
      for (const part of parts) {
        const behind = complete ? part : decoder.push(part)
        if (behind === undefined) continue
        complete = true
        rest.push(...behind)
      }
      expect(rest).toEqual([...C0])
      expect(decoder.header).toEqual({ sourceAddress: undefined, sourcePort: undefined, ...header })
    }
  })

  test('is not there before its last byte', () => {
    const decoder = new ProxyProtocolDecoder()
    expect(decoder.push(bytes.subarray(0, -1))).toBeUndefined()
    expect(decoder.header).toBeUndefined()
  })
})

const refused: readonly { name: string; bytes: Uint8Array }[] = [
  { name: 'an RTMP handshake', bytes: hex('03 00000000') },
  { name: 'text that begins otherwise', bytes: ascii('PROXX') },
  { name: 'a version 2 signature with a flaw', bytes: hex('0d0a0d0a 00 0d0a 51554954 0b') },
  { name: 'lower case', bytes: ascii('proxy TCP4 ') },
  { name: 'a line of 108 bytes', bytes: ascii(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`) },
  { name: '107 bytes without line end', bytes: ascii(`PROXY UNKNOWN ${'f'.repeat(93)}`) },
  { name: 'LF alone', bytes: ascii('PROXY TCP4 192.0.2.7 198.51.100.1 56324 1935\n') },
  { name: 'another family', bytes: ascii('PROXY UDP4 192.0.2.7 198.51.100.1 56324 1935\r\n') },
  { name: 'no family', bytes: ascii('PROXY \r\n') },
  { name: 'a name as address', bytes: ascii('PROXY TCP4 localhost 198.51.100.1 56324 1935\r\n') },
  { name: 'an IPv6 address as TCP4', bytes: ascii('PROXY TCP4 ::1 ::1 56324 1935\r\n') },
  { name: 'a port beyond 65535', bytes: ascii('PROXY TCP4 192.0.2.7 198.51.100.1 65536 1935\r\n') },
  { name: 'a port that is no number', bytes: ascii('PROXY TCP4 192.0.2.7 198.51.100.1 0x10 1935\r\n') },
  { name: 'a field too few', bytes: ascii('PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n') },
  { name: 'a field too many', bytes: ascii('PROXY TCP4 192.0.2.7 198.51.100.1 56324 1935 7\r\n') },
  { name: 'version 3', bytes: hex(`${SIGNATURE} 31 11 000c`) },
  { name: 'command 2', bytes: hex(`${SIGNATURE} 22 11 000c`) },
  { name: 'version 2 beyond 2064 bytes', bytes: hex(`${SIGNATURE} 20 00 0801`) },
  { name: 'AF_INET of 11 bytes', bytes: hex(`${SIGNATURE} 21 11 000b c0000207 c6336401 dc04 07`) },
  { name: 'AF_INET6 of 35 bytes', bytes: join(hex(`${SIGNATURE} 21 21 0023`), new Uint8Array(35)) },
]

test.each(refused)('refuses $name', ({ bytes }) => {
  for (const parts of everySplit(bytes)) {
    const decoder = new ProxyProtocolDecoder()
    expect(() => parts.forEach((part) => decoder.push(part)), toHex(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_PROXY_HEADER' }) as Error,
    )
  }
})

test('nothing escapes but a coded error', () => {
  const beginnings = fc.constantFrom(hex(''), hex(SIGNATURE), ascii('PROXY '), ascii('PROXY TCP6 '))
  fc.assert(
    fc.property(beginnings, fc.uint8Array({ maxLength: 200 }), (beginning, garbage) => {
      const decoder = new ProxyProtocolDecoder()
      try {
        decoder.push(beginning)
        decoder.push(garbage)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
      }
    }),
    { seed: 1, numRuns: fuzzRuns(300) },
  )
})
