/** When the bytes of a transport stream are at the decoder: the system target decoder of ISO/IEC 13818-1 §2.4.2. */
import { pesPackets, tsPackets } from './ts-reader.ts'

/** A PES packet and the time between its last byte and its decoding. */
export interface Arrival {
  readonly pid: number
  /** Decode time, ms. */
  readonly dtsMs: number
  /** How long before that its last byte is there, ms; below 0 it comes too late. */
  readonly earlyMs: number
}

/** All PES packets that are complete before the last PCR. Bytes between two PCRs come at an even rate (§2.4.2.2). */
export function arrivals(bytes: Uint8Array): Arrival[] {
  const packets = tsPackets(bytes)
  const clocks = packets.flatMap(({ pcr }, at) =>
    pcr === undefined ? [] : [{ at, ms: Number(pcr) / 27_000 }],
  )
  const pids = new Set(packets.filter(({ unitStart }) => unitStart).map(({ pid }) => pid))
  const found: Arrival[] = []
  for (const pid of pids) {
    if (pid === 0 || pid === 0x1000) continue // PAT and PMT
    const ends: number[] = []
    for (const [at, packet] of packets.entries()) {
      if (packet.pid !== pid || packet.payload.length === 0) continue
      if (packet.unitStart) ends.push(at)
      else ends[ends.length - 1] = at
    }
    for (const [i, pes] of pesPackets(bytes, pid).entries()) {
      const end = ends[i]! + 1
      const next = clocks.findIndex(({ at }) => at >= end)
      if (next < 1) continue
      const [from, to] = [clocks[next - 1]!, clocks[next]!]
      const endMs = from.ms + ((to.ms - from.ms) * (end - from.at)) / (to.at - from.at)
      const dtsMs = Number(pes.dts) / 90
      found.push({ pid, dtsMs, earlyMs: dtsMs - endMs })
    }
  }
  return found
}
