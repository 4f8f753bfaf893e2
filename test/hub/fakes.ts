/** Packets whose bodies end in a number, a wire format that shows those numbers, and sinks that can stall. */
import {
  Hub,
  type HubOptions,
  type Player,
  type PlayerEnd,
  type Sink,
  type Source,
  VirtualClock,
  type StreamPath,
} from 'millrace/hub'
import {
  type ConfigurationSet,
  configurationPackets,
  type Framing,
  type MediaPacket,
  packetFromTag,
  type ViewFormat,
} from 'millrace/media'

/** A clock on which work costs time. */
export class BusyClock extends VirtualClock {
  workedMs = 0
  override now(): number {
    return super.now() + this.workedMs
  }
}

function body(head: readonly number[], id: number, fill = 0): Uint8Array {
  const bytes = new Uint8Array(head.length + fill + 4)
  bytes.set(head)
  new DataView(bytes.buffer).setUint32(head.length + fill, id)
  return bytes
}

/** AVC keyframe: frame type 1 | codec 7, packet type 1, composition time 0. */
export function key(dts: number, id = 0, fill = 0): MediaPacket {
  return packetFromTag(9, dts, body([0x17, 0x01, 0, 0, 0], id, fill))
}

/** AVC inter frame: frame type 2 | codec 7. */
export function inter(dts: number, id = 0, fill = 0): MediaPacket {
  return packetFromTag(9, dts, body([0x27, 0x01, 0, 0, 0], id, fill))
}

/** AVC sequence header: packet type 0, then an avcC that differs by `id`. */
export function videoConfig(dts: number, id = 0): MediaPacket {
  return packetFromTag(9, dts, body([0x17, 0x00, 0, 0, 0, 0x01, 0x64, 0x00, 0x1f, 0xff], id))
}

/** A sequence header that no tracker keeps: beyond 1 MiB. */
export function hugeConfig(dts: number): MediaPacket {
  const bytes = new Uint8Array(1_048_577)
  bytes[0] = 0x17
  return packetFromTag(9, dts, bytes)
}

/** AVC end of sequence: packet type 2. Encoders send it before they leave. */
export function endOfSequence(dts: number): MediaPacket {
  return packetFromTag(9, dts, Uint8Array.of(0x17, 0x02, 0, 0, 0))
}

/** Raw AAC: format 10, 44 kHz, 16 bit, stereo; packet type 1. */
export function audio(dts: number, id = 0, fill = 0): MediaPacket {
  return packetFromTag(8, dts, body([0xaf, 0x01], id, fill))
}

/** AAC sequence header: packet type 0, then an AudioSpecificConfig that differs by `id`. */
export function audioConfig(dts: number, id = 0): MediaPacket {
  return packetFromTag(8, dts, body([0xaf, 0x00, 0x12, 0x10], id))
}

/** MP3: format 2, which has no configuration. */
export function mp3(dts: number, id = 0): MediaPacket {
  return packetFromTag(8, dts, body([0x2f, 0xff, 0xfb], id))
}

/** `onMetaData`: AMF0 string of 10 bytes, then a number that differs by `id`. */
export function metadata(dts: number, id = 0): MediaPacket {
  const name = [0x6f, 0x6e, 0x4d, 0x65, 0x74, 0x61, 0x44, 0x61, 0x74, 0x61]
  return packetFromTag(18, dts, body([0x02, 0x00, 0x0a, ...name, 0x00, 0, 0, 0, 0], id))
}

/** `onTextData`, which is no configuration. */
export function text(dts: number, id = 0): MediaPacket {
  const name = [0x6f, 0x6e, 0x54, 0x65, 0x78, 0x74, 0x44, 0x61, 0x74, 0x61]
  return packetFromTag(18, dts, body([0x02, 0x00, 0x0a, ...name, 0x00, 0, 0, 0, 0], id))
}

/** The number at the end of a packet's body. */
export function idOf(packet: MediaPacket): number {
  const { body: bytes } = packet
  return bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0)
}

/** Any packet in short: `V1` keyframe, `v2` inter frame, `a3` audio, `d4` data, `V!5` `A!6` `M!7` configuration. */
export function nameOf(packet: MediaPacket): string {
  if (packet.endOfSequence) return 'end'
  const letter = packet.kind === 'data' ? (packet.configuration ? 'M' : 'd') : packet.kind[0]!
  const shown = packet.keyframe || packet.configuration ? letter.toUpperCase() : letter
  return `${shown}${packet.configuration ? '!' : ''}${idOf(packet)}`
}

/** What a {@link FakeFormat} wrote for one packet. */
export interface Entry {
  readonly name: string
  readonly dts: number
  /** Part of join bytes. */
  readonly joined: boolean
  /** For those who skipped or changed tracks, not from the log in line. */
  readonly repeated: boolean
}

/** A wire format that writes names, and counts what it is asked for. */
export class FakeFormat implements ViewFormat {
  readonly name: string
  created = 0
  joins = 0
  frames = 0
  constructor(name = 'fake') {
    this.name = name
  }

  create(): Framing {
    this.created++
    // The framing of a view is told the configuration first; one that is made to repeat some is not.
    let repeated = true
    return {
      join: (configuration: ConfigurationSet, dts: number) => {
        this.joins++
        repeated = false
        const packets = configurationPackets(configuration)
        return written(packets.map((packet) => ({ name: nameOf(packet), dts, joined: true, repeated })))
      },
      frame: (packets: readonly MediaPacket[]) => {
        this.frames++
        return written(
          packets.map((packet) => ({ name: nameOf(packet), dts: packet.dts, joined: false, repeated })),
        )
      },
    }
  }
}

// Bytes have to be real for the budgets; what they mean is kept beside.
const meanings = new WeakMap<Uint8Array, readonly Entry[]>()

function written(entries: readonly Entry[]): Uint8Array {
  const bytes = new Uint8Array(Math.max(1, entries.length * 100))
  meanings.set(bytes, entries)
  return bytes
}

/** What `bytes` of a {@link FakeFormat} say. */
export function read(bytes: Uint8Array): readonly Entry[] {
  const entries = meanings.get(bytes)
  if (entries === undefined) throw new Error('not from a fake format')
  return entries
}

/** A sink that keeps all that is written, and takes it off its queue at once unless it stalls. */
export class FakeSink implements Sink {
  readonly writes: Uint8Array[] = []
  readonly ended: PlayerEnd[] = []
  queuedBytes = 0
  stalled = false
  awaits = 0
  corks = 0
  /** The next write throws. */
  isBroken = false
  player: Player | undefined
  onWrite: (() => void) | undefined

  write(batch: Uint8Array): void {
    if (this.isBroken) throw new Error('broken sink')
    this.writes.push(batch)
    if (this.stalled) this.queuedBytes += batch.length
    this.onWrite?.()
  }

  cork(): void {
    this.corks++
  }

  uncork(): void {
    this.corks--
  }

  awaitDrain(): void {
    this.awaits++
  }

  end(reason: PlayerEnd): void {
    this.ended.push(reason)
  }

  /** The transport takes what is queued, and goes on. */
  drain(): void {
    this.stalled = false
    this.take()
  }

  /** The transport takes what is queued, and stalls again. */
  take(): void {
    this.queuedBytes = 0
    this.player?.drained()
  }

  get entries(): Entry[] {
    return this.writes.flatMap((batch) => [...read(batch)])
  }

  /** Names of all entries; join bytes stand in brackets. */
  get said(): string {
    return this.writes
      .map((batch) => {
        const entries = read(batch)
        const names = entries.map(({ name }) => name).join(' ')
        return entries[0]?.joined === false ? names : `[${names}]`
      })
      .join(' ')
  }
}

/** A hub on a virtual clock with one stream. */
export class Stage {
  readonly clock = new VirtualClock()
  readonly hub: Hub
  readonly format = new FakeFormat()
  publisher
  readonly source: Source

  constructor(options: HubOptions = {}, streamPath: StreamPath = '/live/show') {
    this.hub = new Hub(options, this.clock)
    this.publisher = this.hub.publish(streamPath)
    this.source = this.hub.source(streamPath)!
  }

  /** Writes packets in one go, as they come out of one read of a socket, then lets the deferred work run. */
  write(...packets: readonly MediaPacket[]): void {
    for (const packet of packets) this.publisher.write(packet)
    this.clock.turn()
  }

  attach(options: Partial<Parameters<Source['attach']>[1]> = {}, sink = new FakeSink()): FakeSink {
    sink.player = this.source.attach(sink, { format: this.format, ...options })
    return sink
  }

  /** The publisher leaves, and another comes `ms` later. */
  republishAfter(ms: number): void {
    this.publisher.unpublish()
    this.clock.advance(ms)
    this.republish()
  }

  republish(): void {
    this.publisher = this.hub.publish(this.source.streamPath)
  }
}
