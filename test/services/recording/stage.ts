/** A hub, a recorder and a disk in memory, on a clock that moves when told to. */
import { decodeAmf0, propertiesOf } from 'millrace/amf0'
import { demuxFlv } from 'millrace/flv'
import { Hub, type HubOptions, type Publisher, VirtualClock } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import {
  type FinishedRecordingFile,
  Recorder,
  type RecorderOptions,
  type Recording,
  type RecordingFailure,
  type RemovedRecordingFile,
} from 'millrace/services/recording'
import { nameOf } from '../../hub/fakes.ts'
import { MemoryStore } from './memory-store.ts'

/** Time of day at the start of the clock. */
export const EPOCH = 1_700_000_000_000

/** Steps in which {@link Stage.play} moves the clock. */
const STEP_MS = 100

export class Stage {
  readonly clock = new VirtualClock()
  readonly store = new MemoryStore()
  readonly hub: Hub
  readonly recorder: Recorder
  readonly started: Recording[] = []
  readonly finished: FinishedRecordingFile[] = []
  readonly failures: RecordingFailure[] = []
  readonly removed: RemovedRecordingFile[] = []

  constructor(options: Partial<RecorderOptions> = {}, hubOptions: HubOptions = {}) {
    this.hub = new Hub(hubOptions, this.clock)
    this.recorder = this.record(options)
  }

  /** Another recorder of the same hub and store: after a crash, of the next process. */
  record(options: Partial<RecorderOptions> = {}): Recorder {
    const { hub, store, clock } = this
    const recorder = new Recorder({ hub, store, clock, now: () => EPOCH + clock.now(), ...options })
    recorder.on('start', (recording) => this.started.push(recording))
    recorder.on('finish', (file) => this.finished.push(file))
    recorder.on('remove', (removed) => this.removed.push(removed))
    recorder.on('error', (failure) => this.failures.push(failure))
    return recorder
  }

  /** Publishes packets about when they are due, with a write of the recorder in between where there would be one. */
  async play(publisher: Publisher, packets: readonly MediaPacket[]): Promise<void> {
    let at = packets[0]?.dts ?? 0
    for (const packet of packets) {
      if (packet.dts - at >= STEP_MS) {
        await settle()
        await this.advance(packet.dts - at)
        at = packet.dts
      }
      publisher.write(packet)
    }
  }

  /** Lets time pass, as the recorder writes. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      this.clock.advance(Math.min(500, left))
      await settle()
    }
  }

  /** Keys of whole files. */
  get keys(): string[] {
    return Array.from(this.store.files.keys())
  }

  /** A whole file, or an unfinished one. */
  bytes(key: string): Uint8Array {
    const bytes = this.store.files.get(key) ?? this.store.temporary.get(key)?.bytes
    if (bytes === undefined) throw new Error(`no ${key}: ${this.keys.join(' ')}`)
    return bytes
  }
}

/** Lets everything that awaits nothing but memory come to its end. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** The tags of an FLV file in short, with their times: `V1@0`. The metadata in front is left out. */
export function tagsOf(bytes: Uint8Array): string[] {
  return demuxFlv(bytes)
    .slice(1)
    .map((packet) => `${nameOf(packet)}@${packet.dts}`)
}

/** What the metadata in front of an FLV file says. */
export function metadataOf(bytes: Uint8Array): Record<string, unknown> {
  const [first] = demuxFlv(bytes)
  return { ...propertiesOf(decodeAmf0(first!.body)[1]) }
}
