import { BlockList, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { IpRange, parseIpAddress } from 'millrace/services/admission'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../support/bytes.ts'
import { fuzzRuns } from '../../support/fuzz.ts'

describe('addresses', () => {
  it.each([
    ['192.0.2.7', 'c0 00 02 07'],
    ['0.0.0.0', '00 00 00 00'],
    ['::ffff:192.0.2.7', 'c0 00 02 07'],
    ['::FFFF:c000:207', 'c0 00 02 07'],
    ['0:0:0:0:0:ffff:c000:0207', 'c0 00 02 07'],
    ['::', '00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00'],
    ['::1', '00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01'],
    ['2001:db8::8:800:200c:417a', '20 01 0d b8 00 00 00 00 00 08 08 00 20 0c 41 7a'],
    ['2001:db8:1::', '20 01 0d b8 00 01 00 00 00 00 00 00 00 00 00 00'],
    ['fe80::1%eth0', 'fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01'],
    ['64:ff9b::192.0.2.33', '00 64 ff 9b 00 00 00 00 00 00 00 00 c0 00 02 21'],
  ])('%s', (text, bytes) => {
    expect(toHex(parseIpAddress(text)!)).toBe(bytes)
  })

  it.each([
    '',
    'localhost',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.07',
    ' 192.0.2.7',
    '1::2::3',
    ':::',
    'g::1',
    '192.0.2.7:80',
    '[::1]',
  ])('"%s" is none', (text) => {
    expect(parseIpAddress(text)).toBeUndefined()
  })
})

describe('ranges', () => {
  it.each<[string, string[], string[]]>([
    ['192.0.2.7', ['192.0.2.7', '::ffff:192.0.2.7'], ['192.0.2.6', '192.0.2.8', '::192.0.2.7']],
    ['192.0.2.0/24', ['192.0.2.0', '192.0.2.255'], ['192.0.1.255', '192.0.3.0']],
    ['192.0.2.99/24', ['192.0.2.0', '192.0.2.255'], ['192.0.3.0']],
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
    ['172.16.0.0/12', ['172.16.0.0', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
    ['192.0.2.128/25', ['192.0.2.128', '192.0.2.255'], ['192.0.2.127']],
    ['192.0.2.6/31', ['192.0.2.6', '192.0.2.7'], ['192.0.2.5', '192.0.2.8']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4'], ['::', '2001:db8::1']],
    [
      '2001:db8::/32',
      ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
      ['2001:db7:ffff::', '2001:db9::'],
    ],
    ['2001:db8::/33', ['2001:db8:7fff::'], ['2001:db8:8000::']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '0.0.0.1']],
    ['::/0', ['::', 'ffff::'], ['192.0.2.7', '::ffff:192.0.2.7']],
    ['::ffff:192.0.2.0/120', ['192.0.2.255', '::ffff:c000:2ff'], ['192.0.3.0']],
    ['fe80::/10', ['fe80::1%eth0', 'febf::'], ['fec0::']],
  ])('%s', (range, inside, outside) => {
    const contains = (address: string): boolean => new IpRange(range).contains(parseIpAddress(address)!)
    expect(inside.filter((address) => !contains(address))).toEqual([])
    expect(outside.filter(contains)).toEqual([])
  })

  it.each([
    '',
    'all',
    '192.0.2.0/',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/1e1',
    '192.0.2.0/ 8',
    '2001:db8::/129',
    '::ffff:192.0.2.0/95',
    '192.0.2.0/24/8',
  ])('"%s" is refused', (text) => {
    expect(() => new IpRange(text)).toThrow(RangeError)
  })
})

describe('any range', () => {
  const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => bytes.join('.'))
  const v6 = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }).map((groups) =>
    // Every so often with the run of zeros that `::` stands for.
    groups
      .map((group) => group.toString(16))
      .join(':')
      .replace(/(^|:)0(:0)+(:|$)/, '::'),
  )
  const numRuns = fuzzRuns(300)

  /** The address as one number: another way to the same answer. */
  const numberOf = (text: string): bigint => BigInt(`0x${toHex(parseIpAddress(text)!).replaceAll(' ', '')}`)

  it.each<['IPv4' | 'IPv6', fc.Arbitrary<string>, number]>([
    ['IPv4', v4, 32],
    ['IPv6', v6, 128],
  ])('of %s holds what has its first bits', (_, address, bits) => {
    const input = fc.record({
      network: address,
      other: address,
      prefix: fc.integer({ min: 0, max: bits }),
      near: fc.boolean(),
      flip: fc.nat(bits - 1),
    })
    fc.assert(
      fc.property(input, ({ network, other, prefix, near, flip }) => {
        const isSameFamily =
          parseIpAddress(network)!.length * 8 === bits && parseIpAddress(other)!.length * 8 === bits
        fc.pre(isSameFamily)
        const base = numberOf(network)
        // Random addresses are hardly ever in a range: look at one that differs in a single bit as well.
        const value = near ? base ^ (1n << BigInt(flip)) : numberOf(other)
        const text = textOf(value, bits)
        fc.pre(parseIpAddress(text)!.length * 8 === bits)
        const shift = BigInt(bits - prefix)
        expect(new IpRange(`${network}/${prefix}`).contains(parseIpAddress(text)!)).toBe(
          base >> shift === value >> shift,
        )
      }),
      { numRuns, seed: 41 },
    )
  })

  it('says what Node says', () => {
    fc.assert(
      fc.property(fc.oneof(v4, v6), fc.oneof(v4, v6), fc.nat(128), (network, address, prefix) => {
        const family = isIPv6(network) ? 'ipv6' : 'ipv4'
        fc.pre(prefix <= (family === 'ipv6' ? 128 : 32) && isIPv6(network) === isIPv6(address))
        const list = new BlockList()
        list.addSubnet(network, prefix, family)
        expect(new IpRange(`${network}/${prefix}`).contains(parseIpAddress(address)!)).toBe(
          list.check(address, family),
        )
      }),
      { numRuns, seed: 42 },
    )
  })

  it('is read from any text without another error than RangeError', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:./%]{1,24}$/))
    fc.assert(
      fc.property(text, (given) => {
        expect([undefined, 'RangeError']).toContain(errorOf(() => new IpRange(given)))
      }),
      { numRuns, seed: 43 },
    )
  })
})

function textOf(value: bigint, bits: number): string {
  const hex = value.toString(16).padStart(bits / 4, '0')
  const parts = hex.match(bits === 32 ? /../g : /..../g)!
  return bits === 32 ? parts.map((part) => Number.parseInt(part, 16)).join('.') : parts.join(':')
}

function errorOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as Error).name
  }
}
