import fc from 'fast-check'
import { MediaError } from 'millrace/errors'
import { ClientHandshake, ServerHandshake } from 'millrace/handshake'
import { expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'
import { testCrypto } from '../support/handshake-crypto.ts'
import { FFMPEG_PUBLISH, FMS_EXCHANGE, LIBRTMP_PLAY, NGINX_S0S1S2 } from './captures.ts'

const RUNS = fuzzRuns(300)
const { hmacSha256 } = testCrypto()
const crypto = { randomBytes: (length: number) => new Uint8Array(length), hmacSha256 }

/** Real bytes with a few of them changed, cut somewhere. */
const mutated = fc
  .record({
    seed: fc.constantFrom(FFMPEG_PUBLISH, LIBRTMP_PLAY, FMS_EXCHANGE.c0c1, FMS_EXCHANGE.s0s1s2, NGINX_S0S1S2),
    changes: fc.array(fc.tuple(fc.oneof(fc.nat(12), fc.nat(3300)), fc.nat(255)), { maxLength: 4 }),
    length: fc.nat(3300),
  })
  .map(({ seed, changes, length }) => {
    const bytes = seed.slice(0, length)
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
    return bytes
  })
const input = fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated)
const options = { numRuns: RUNS, seed: 20_240_607 }

it('the two sides finish with each other, whatever the parts', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('simple' as const, 'digest' as const),
      fc.integer(),
      fc.integer({ min: 7, max: 4000 }),
      (form, seed, step) => {
        const seeded = testCrypto(seed)
        const client = new ClientHandshake({ crypto: seeded, form })
        const server = new ServerHandshake({ crypto: seeded })
        const carry = (
          from: ClientHandshake | ServerHandshake,
          to: ClientHandshake | ServerHandshake,
        ): void => {
          for (const bytes of from.takeOutput()) {
            for (let at = 0; at < bytes.length; at += step) {
              const part = bytes.subarray(at, at + step)
              expect(to.push(part, seed)).toBe(part.length)
            }
          }
        }
        carry(client, server)
        carry(server, client)
        carry(client, server)
        expect([client.done, server.done, client.form, server.form]).toEqual([true, true, form, form])
      },
    ),
    { ...options, numRuns: Math.min(RUNS, 1000) },
  )
})

it('no input escapes as anything but a MediaError', () => {
  fc.assert(
    fc.property(input, fc.boolean(), fc.nat(3300), (bytes, acceptProxyPrefix, cut) => {
      for (const handshake of [
        new ServerHandshake({ crypto, acceptProxyPrefix }),
        new ClientHandshake({ crypto, form: 'digest' }),
      ]) {
        try {
          const first = handshake.push(bytes.subarray(0, cut), 0)
          const second = handshake.push(bytes.subarray(cut), 0)
          expect(first + second).toBeLessThanOrEqual(bytes.length)
          expect(handshake.done || first + second === bytes.length).toBe(true)
        } catch (error) {
          if (!(error instanceof MediaError)) throw error
        }
      }
    }),
    options,
  )
})
