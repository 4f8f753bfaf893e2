/** Checks what a reader saw against what the log took in. */
import type { Source } from 'millrace/hub'
import { type ConfigurationSet, type MediaPacket } from 'millrace/media'
import { nameOf } from './fakes.ts'

interface Fact {
  readonly packet: MediaPacket
  readonly configuration: ConfigurationSet
}

/** Every packet that a source's log ever took, by sequence number and by name. Names must be unique. */
export class Truth {
  readonly facts: Fact[] = []
  readonly seqOf = new Map<string, number>()
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
  }

  /** Call after each packet. */
  record(): void {
    const { log } = this.#source
    for (let seq = this.facts.length; seq < log.head; seq++) {
      const packet = log.at(seq)!
      this.facts.push({ packet, configuration: log.configurationAt(seq) })
      this.seqOf.set(nameOf(packet), seq)
    }
  }

  /** Whether `packet` is of the log; configuration that is repeated is a copy. */
  has(packet: MediaPacket): boolean {
    return this.facts[this.seqOf.get(nameOf(packet)) ?? -1]?.packet === packet
  }

  /** Name of the configuration of `kind` in force before `seq`. */
  inForce(kind: 'audio' | 'video', seq: number): string | undefined {
    const packet = this.facts[seq]!.configuration[kind][0]
    return packet === undefined ? undefined : nameOf(packet)
  }
}

/** What one reader saw. */
export class Witness {
  /** Packets of the log between those that it saw. */
  passedOver = 0
  /** Times that it went on behind a gap. */
  gaps = 0
  /** Where it came in. */
  startSeq = -1
  #next = -1
  #lastVideo = -1
  readonly #known: { audio?: string; video?: string } = {}
  readonly #dts = { audio: -1, video: -1, data: -1 }
  readonly #truth: Truth
  readonly #changesTracks: boolean

  /** @param changesTracks - its tracks come and go, and their configuration with them. */
  constructor(truth: Truth, changesTracks = false) {
    this.#truth = truth
    this.#changesTracks = changesTracks
  }

  /**
   * One packet of the stream.
   * @param extra - configuration that was put before a place, for a reader that joins or that skipped.
   */
  see(name: string, dts: number, extra: 'joined' | 'repeated' | undefined): void {
    const seq = this.#truth.seqOf.get(name)
    if (seq === undefined) throw new Error(`${name} was never there`)
    const { packet } = this.#truth.facts[seq]!
    const { kind } = packet
    if (extra !== undefined) {
      if (!packet.configuration) throw new Error(`${name} is no configuration`)
      if (kind === 'data') return
      if (extra === 'repeated' && this.#known[kind] === name && !this.#changesTracks)
        throw new Error(`${name} was repeated without need`)
      this.#known[kind] = name
      return
    }
    if (seq < this.#next) throw new Error(`${name} came again or too late`)
    if (this.startSeq < 0) this.startSeq = seq
    else if (seq > this.#next) {
      this.gaps++
      this.passedOver += seq - this.#next
    }
    this.#next = seq + 1
    if (packet.configuration && kind !== 'data') this.#known[kind] = name
    if (packet.coded && kind !== 'data') {
      const needed = this.#truth.inForce(kind, seq)
      if (needed !== undefined && needed !== this.#known[kind])
        throw new Error(`${name} needs ${needed}, the reader has ${this.#known[kind]}`)
    }
    if (packet.kind === 'video' && packet.coded) this.#seeVideo(name, seq, packet)
    if (dts < this.#dts[kind]) throw new Error(`${name} at ${dts} goes back behind ${this.#dts[kind]}`)
    this.#dts[kind] = dts
    if (dts !== packet.dts) throw new Error(`${name} was moved from ${packet.dts} to ${dts}`)
  }

  #seeVideo(name: string, seq: number, packet: MediaPacket): void {
    if (!packet.keyframe) {
      if (this.#lastVideo < 0) throw new Error(`${name} without a keyframe before it`)
      for (let between = this.#lastVideo + 1; between < seq; between++) {
        const missing = this.#truth.facts[between]!.packet
        if (missing.kind === 'video' && missing.coded)
          throw new Error(`${name} follows a gap: ${nameOf(missing)} is missing`)
      }
    }
    this.#lastVideo = seq
  }
}
