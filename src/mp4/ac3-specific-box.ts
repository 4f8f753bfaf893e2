/**
 * `dac3` and `dec3`, what MP4 says of AC-3 and E-AC-3. ETSI TS 102 366 Annex F.4, Annex F.6.
 *
 * dac3: fscod 2, bsid 5, bsmod 3, acmod 3, lfeon 1, bit_rate_code 5, reserved 5. dec3: data_rate 13,
 * num_ind_sub 3 | for each: fscod 2, bsid 5, reserved 1, asvc 1, bsmod 3, acmod 3, lfeon 1, reserved 3,
 * num_dep_sub 4, then chan_loc 9 or reserved 1.
 *
 * @module
 */
import { type Ac3Header, decodeAc3Header } from '../codec/index.ts'
import { MediaError } from '../errors/index.ts'
import type { BoxWriter } from './box-writer.ts'

/** What one MP4 sample holds: one frame of AC-3, all substreams of one stretch of time in E-AC-3. */
export interface Ac3AccessUnit {
  /** The first frame. */
  readonly first: Uint8Array
  /** The first frame's header; `undefined` when it cannot be read. */
  readonly header: Ac3Header | undefined
  /** Samples a channel; 0 when nothing can be read. */
  readonly samples: number
  /** Bytes of all frames. */
  readonly byteLength: number
  /** Dependent substreams of the first program, which add channels to 5.1. */
  readonly dependentCount: number
}

/** Walks the frames of an access unit as far as they can be read. */
export function ac3AccessUnit(bytes: Uint8Array): Ac3AccessUnit {
  let header: Ac3Header | undefined
  let samples = 0
  let dependentCount = 0
  for (let at = 0; at < bytes.length;) {
    const next = readHeader(bytes.subarray(at))
    if (next === undefined) break
    header ??= next
    const substream = next.enhanced ? (bytes[at + 2]! >> 3) & 0x07 : 0 // substreamid
    if (next.streamType === 1) dependentCount++
    else if (substream === 0) samples += next.frameSamples
    at += next.frameBytes
  }
  return { first: bytes, header, samples, byteLength: bytes.length, dependentCount }
}

/**
 * Writes `dac3` or `dec3`. E-AC-3 is described as one program, with a pair of rear channels if it has
 * dependent substreams.
 */
export function writeAc3SpecificBox(writer: BoxWriter, unit: Ac3AccessUnit): void {
  const { first, header, samples, dependentCount } = unit
  if (header === undefined) return
  const frequencyCode = first[4]! >> 6 // fscod
  const lfe = header.lfe ? 1 : 0
  if (!header.enhanced) {
    const bsmod = first[5]! & 0x07
    const rateCode = (first[4]! & 0x3f) >> 1 // bit_rate_code = frmsizecod / 2
    writer.open('dac3')
    writer.u8((frequencyCode << 6) | (header.bsid << 1) | (bsmod >> 2))
    writer.u8(((bsmod & 0x03) << 6) | (header.channelMode << 3) | (lfe << 2) | (rateCode >> 3))
    writer.u8((rateCode & 0x07) << 5)
    writer.close()
    return
  }
  const kbps =
    samples === 0 ? 0 : Math.round((unit.byteLength * 8 * header.samplingFrequency) / samples / 1000)
  const frames = Math.max(1, Math.round(samples / 1536))
  writer.open('dec3')
  writer.u16(Math.min(0x1fff, kbps) << 3) // data_rate | num_ind_sub − 1 = 0
  writer.u8((frequencyCode << 6) | (header.bsid << 1)) // fscod | bsid | reserved
  writer.u8((header.channelMode << 1) | lfe) // asvc 0 | bsmod 0: complete main | acmod | lfeon
  const dependents = Math.min(15, Math.round(dependentCount / frames))
  if (dependents === 0) {
    writer.u8(0) // reserved 3 | num_dep_sub 4 | reserved 1
  } else {
    writer.u8(dependents << 1) // reserved 3 | num_dep_sub 4 | chan_loc, upper bit
    writer.u8(0x02) // chan_loc, lower bits: Lrs and Rrs
  }
  writer.close()
}

function readHeader(bytes: Uint8Array): Ac3Header | undefined {
  try {
    return decodeAc3Header(bytes)
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
