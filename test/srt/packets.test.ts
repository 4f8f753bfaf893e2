import fc from 'fast-check'
import { DecodeError } from 'millrace/errors'
import {
  decodeSrtControlPacket,
  decodeSrtDataPacket,
  decodeSrtHandshake,
  decodeSrtKeyMaterial,
  encodePeerAddress,
  encodeSrtControlPacket,
  encodeSrtDataPacket,
  encodeSrtKeyMaterial,
  isControlPacket,
  MAX_SEQUENCE_NUMBER,
  SRT_REJECTION,
  srtRejectionName,
  type SrtDataPacket,
} from 'millrace/srt'
import { describe, expect, it, test } from 'vitest'
import { ascii, hex, join, toHex } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import {
  controlVectors,
  dataHeaders,
  FAILED_KEY_EXTENSIONS,
  KEY_REQUEST_BOTH,
  KEY_REQUEST_EVEN,
} from './vectors.ts'

const options = { numRuns: fuzzRuns(2000), seed: 20_260_101 }

describe('control packets', () => {
  test.each(controlVectors)('$name is read', ({ bytes, packet }) => {
    expect(decodeSrtControlPacket(bytes)).toEqual(packet)
  })

  test.each(controlVectors)('$name is written', ({ bytes, packet }) => {
    expect(toHex(encodeSrtControlPacket(packet))).toBe(toHex(bytes))
  })

  test.each(controlVectors)('$name cut anywhere is read or refused', ({ bytes }) => {
    const wrong: unknown[] = []
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodeSrtControlPacket(bytes.subarray(0, length))
      } catch (error) {
        if (!(error instanceof DecodeError)) wrong.push(error)
      }
    }
    expect(wrong).toEqual([])
  })

  it('keep-alive, ACKACK and shutdown need nothing after the header', () => {
    for (const type of ['8001', '8005', '8006']) {
      const header = hex(`${type} 0000 00000007 00000001 00000002`)
      expect(decodeSrtControlPacket(header)).toEqual(decodeSrtControlPacket(join(header, new Uint8Array(4))))
    }
  })

  it('packets that live mode has no use for are unknown', () => {
    const rest = '00000000 00000001 00000002'
    expect(decodeSrtControlPacket(hex(`8004 0000 ${rest}`))).toMatchObject({
      type: 'unknown',
      controlType: 4,
    })
    expect(decodeSrtControlPacket(hex(`ffff 0001 ${rest}`))).toMatchObject({ type: 'unknown', subtype: 1 })
  })

  it('an ACK needs its sequence number, and a drop request both', () => {
    const code = { code: 'ERR_SRT_PACKET' }
    const rest = '00000000 00000001 00000002'
    expect(() => decodeSrtControlPacket(hex(`8002 0000 ${rest} 000000`))).toThrow(
      expect.objectContaining(code),
    )
    expect(() => decodeSrtControlPacket(hex(`8002 0000 ${rest} 80000000`))).toThrow(
      expect.objectContaining(code),
    )
    expect(() => decodeSrtControlPacket(hex(`8007 0000 ${rest} 00000001`))).toThrow(
      expect.objectContaining(code),
    )
  })
})

describe('data packets', () => {
  const payload = ascii('payload')
  test.each(dataHeaders)('$name is read and written', ({ bytes, fields }) => {
    const datagram = join(bytes, payload)
    const packet: SrtDataPacket = { type: 'data', ...fields, payload }
    expect(isControlPacket(datagram)).toBe(false)
    expect(decodeSrtDataPacket(datagram)).toEqual(packet)
    expect(toHex(encodeSrtDataPacket(packet))).toBe(toHex(datagram))
  })

  it.each([
    ['shorter than its header', '04862 8e9e0000001000419401 6d187'],
    ['without payload', '048628e9 e0000001 00041940 16d18787'],
    ['encrypted with both keys', '048628e9 f8000001 00041940 16d18787 00'],
    ['a control packet', '8001 0000 00000000 002d10ea 2115e9cc 00000000'],
  ])('one %s is refused', (_, text) => {
    expect(() => decodeSrtDataPacket(hex(text))).toThrow(expect.objectContaining({ code: 'ERR_SRT_PACKET' }))
  })

  it('any packet is read as it was written', () => {
    const packets = fc.record({
      type: fc.constant('data' as const),
      sequenceNumber: fc.nat(MAX_SEQUENCE_NUMBER),
      position: fc.constantFrom('whole' as const, 'first' as const, 'middle' as const, 'last' as const),
      ordered: fc.boolean(),
      key: fc.constantFrom('clear' as const, 'even' as const, 'odd' as const),
      resent: fc.boolean(),
      messageNumber: fc.nat(0x3ffffff),
      timestamp: fc.nat(0xffffffff),
      destinationId: fc.nat(0xffffffff),
      payload: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    })
    fc.assert(
      fc.property(packets, (packet) => {
        expect(decodeSrtDataPacket(encodeSrtDataPacket(packet))).toEqual(packet)
      }),
      options,
    )
  })
})

describe('handshake extensions', () => {
  // version 5 | no encryption | flags | ISN | MTU | window | conclusion | socket id | cookie | address
  const fixed = hex(`00000005 0000 0005 048628e9 000005dc 00002000 ffffffff 03959291 657c79ef
    0100007f000000000000000000000000`)
  const extensionsOf = (text: string): unknown => decodeSrtHandshake(join(fixed, hex(text))).extensions

  it('of a response whose key failed', () => {
    expect(decodeSrtHandshake(join(fixed, FAILED_KEY_EXTENSIONS)).extensions).toEqual({
      response: { srtVersion: 0x010501, flags: 0xbf, receiveLatencyMs: 120, sendLatencyMs: 120 },
      keyResponse: hex('04000000'),
    })
  })

  it('come in any order, unknown ones among them', () => {
    expect(
      extensionsOf(`
        0005 0001 64636261                    // stream id, "abcd" reversed
        0063 0002 0011223344556677            // unknown
        0006 0001 6576696c                    // congestion controller "live"
        0001 0003 00010501 000000bf 0050 0050 // HSREQ`),
    ).toMatchObject({ streamId: 'abcd', congestionController: 'live', request: { receiveLatencyMs: 80 } })
  })

  it.each([
    ['a cut header', '0001 00'],
    ['a length past the end', '0005 0002 64636261'],
    ['a stream id twice', '0005 0001 64636261 0005 0001 64636261'],
    ['a short HSREQ', '0001 0002 00010501 000000bf'],
    ['a stream id of 516 bytes', `0005 0081 ${'61'.repeat(516)}`],
  ])('%s is refused', (_, text) => {
    expect(() => extensionsOf(text)).toThrow(expect.objectContaining({ code: 'ERR_SRT_HANDSHAKE' }))
  })

  it('of a rejection are not read: gosrt attaches those of the request', () => {
    const rejection = join(fixed, hex('0001 00'))
    rejection.set(hex('000003ea'), 20) // type 1002
    expect(decodeSrtHandshake(rejection)).toMatchObject({ handshakeType: SRT_REJECTION.peer, extensions: {} })
  })

  it('a stream id of 512 bytes is read and written, and no longer one', () => {
    const handshake = decodeSrtHandshake(fixed)
    const packet = { type: 'handshake', timestamp: 0, destinationId: 0 } as const
    const written = (streamId: string): Uint8Array =>
      encodeSrtControlPacket({ ...packet, handshake: { ...handshake, extensions: { streamId } } })
    const longest = 'ü'.repeat(255) + 'xy'
    expect(decodeSrtHandshake(written(longest).subarray(16)).extensions).toEqual({ streamId: longest })
    expect(() => written(`${longest}z`)).toThrow(RangeError)
  })
})

describe('key material', () => {
  it('one key', () => {
    const material = decodeSrtKeyMaterial(KEY_REQUEST_EVEN)!
    expect(material).toMatchObject({ even: true, odd: false, keyBytes: 16 })
    expect(toHex(material.salt)).toBe(toHex(hex('7cf172cd20bfec1dbfcabbada9fa50ae')))
    expect(material.wrapped.length).toBe(24)
    expect(toHex(encodeSrtKeyMaterial(material))).toBe(toHex(KEY_REQUEST_EVEN))
  })

  it('both keys', () => {
    const material = decodeSrtKeyMaterial(KEY_REQUEST_BOTH)!
    expect(material).toMatchObject({ even: true, odd: true, keyBytes: 16 })
    expect(toHex(encodeSrtKeyMaterial(material))).toBe(toHex(KEY_REQUEST_BOTH))
  })

  it('another cipher is not read', () => {
    const gcm = KEY_REQUEST_EVEN.slice()
    gcm[8] = 4
    expect(decodeSrtKeyMaterial(gcm)).toBeUndefined()
  })

  it.each([
    ['signature', 1, 0x21],
    ['no key', 3, 0],
    ['one key too many', 3, 3],
    ['salt length', 14, 5],
    ['key length', 15, 5],
    ['key encryption key index', 7, 1],
  ])('a wrong field is refused: %s', (_, at, value) => {
    const message = KEY_REQUEST_EVEN.slice()
    message[at] = value
    expect(() => decodeSrtKeyMaterial(message)).toThrow(
      expect.objectContaining({ code: 'ERR_SRT_KEY_MATERIAL' }),
    )
  })

  it('one that is cut is refused', () => {
    for (let length = 0; length < KEY_REQUEST_EVEN.length; length++) {
      expect(() => decodeSrtKeyMaterial(KEY_REQUEST_EVEN.subarray(0, length))).toThrow(DecodeError)
    }
  })
})

describe('peer address', () => {
  it.each([
    ['127.0.0.1', '0100007f 00000000 00000000 00000000'],
    ['::ffff:10.1.2.3', '0302010a 00000000 00000000 00000000'],
    ['2001:db8::1', 'b80d0120 00000000 00000000 01000000'],
    ['::1', '00000000 00000000 00000000 01000000'],
    ['fe80::1%eth0', '000080fe 00000000 00000000 01000000'],
    ['no address', '00000000 00000000 00000000 00000000'],
  ])('%s', (address, text) => {
    expect(toHex(encodePeerAddress(address))).toBe(toHex(hex(text)))
  })
})

it('reasons to refuse have names', () => {
  expect([srtRejectionName(2403), srtRejectionName(1010), srtRejectionName(3007)]).toEqual([
    'forbidden',
    'badSecret',
    undefined,
  ])
})

it('no datagram escapes as anything but a DecodeError', () => {
  const input = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    fc
      .record({
        vector: fc.constantFrom(...controlVectors),
        changes: fc.array(fc.tuple(fc.nat(140), fc.nat(255)), { maxLength: 4 }),
      })
      .map(({ vector, changes }) => {
        const bytes = vector.bytes.slice()
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        return bytes
      }),
  )
  fc.assert(
    fc.property(input, (bytes) => {
      for (const decode of [decodeSrtControlPacket, decodeSrtDataPacket, decodeSrtKeyMaterial]) {
        try {
          decode(bytes)
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
        }
      }
    }),
    options,
  )
})
