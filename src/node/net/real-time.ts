/**
 * Packets of a file at the speed of a camera.
 *
 * @module
 */
import { type Clock, SourceClock } from '../../hub/index.ts'
import { sleep } from '../../hub/internal.ts'
import type { MediaPacket } from '../../media/index.ts'

/** How {@link inRealTime} plays. */
export interface RealTimeOptions {
  /** Begin again at the end, with a clock that goes on; configuration and metadata come in the first round alone. @defaultValue false */
  readonly loop?: boolean | undefined
  /** Ends it at once. */
  readonly signal?: AbortSignal | undefined
  /** How far ahead of its time a packet is given out, ms: what timers are late by. @defaultValue 20 */
  readonly leadMs?: number | undefined
  /** Time and timers. @defaultValue the runtime's own; a waiting packet keeps the process alive */
  readonly clock?: Pick<Clock, 'now' | 'setTimeout'> | undefined
}

/**
 * Gives each packet at its time, as an encoder would: for {@link RtmpClient.send} and {@link Publisher.send}. Jumps and outliers keep
 * their times, and are not waited for, as {@link SourceClock} judges them.
 *
 * @param packets - in order of dts, such as a whole FLV file; kept while it runs.
 *
 * @example Publish a file in a loop
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { demuxFlv } from 'millrace/flv'
 * import { inRealTime, RtmpClient } from 'millrace/node'
 *
 * const packets = [...demuxFlv(readFileSync('clip.flv'))]
 * const client = await RtmpClient.publish('rtmp://192.0.2.1/live/clip')
 * await client.send(inRealTime(packets, { loop: true }))
 * ```
 */
export async function* inRealTime(
  packets: readonly MediaPacket[],
  options: RealTimeOptions = {},
): AsyncGenerator<MediaPacket, void, undefined> {
  const { loop = false, signal, leadMs = 20, clock = processClock } = options
  const clockOfFile = new SourceClock()
  const timed = packets.map((packet): Timed => ({ packet, dueMs: clockOfFile.map(packet) }))
  const coded = timed.filter(({ packet }) => packet.coded)
  if (coded.length === 0) {
    yield* packets
    return
  }
  const lengthMs = loopLengthMs(coded)
  const startMs = clock.now()
  for (let round = 0; round === 0 || loop; round++) {
    for (const { packet, dueMs } of timed) {
      // Configuration comes once; a loop has no end of sequence.
      if (!packet.coded && (round > 0 || (loop && packet.endOfSequence))) continue
      const roundMs = round * lengthMs
      const waitMs = packet.coded ? startMs + roundMs + dueMs - leadMs - clock.now() : 0
      if (waitMs > 0) await sleep(clock, waitMs, signal)
      if (signal?.aborted === true) return
      yield packet.withDts(packet.dts + roundMs)
    }
  }
}

/** A packet and when it is due, in ms from the start. */
interface Timed {
  readonly packet: MediaPacket
  readonly dueMs: number
}

const processClock: Pick<Clock, 'now' | 'setTimeout'> = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}

/**
 * The least time after which neither kind begins again before its last frame is over: sound that starts and ends a little after the
 * picture goes round with it, without a gap in either.
 */
function loopLengthMs(coded: readonly Timed[]): number {
  const lengths = (['audio', 'video'] as const).map((kind) => {
    const times = coded.filter(({ packet }) => packet.kind === kind).map(({ dueMs }) => dueMs)
    if (times.length < 2) return times.length * 40
    const spanMs = times.at(-1)! - times[0]!
    return Math.round((spanMs * times.length) / (times.length - 1))
  })
  return Math.max(...lengths, 1)
}
