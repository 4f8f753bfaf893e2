/** A caller and a listener on a virtual clock, with a network between them that a seed decides. */
import {
  isControlPacket,
  SrtCallerSession,
  SrtListener,
  type SrtCallerOptions,
  type SrtListenerOptions,
  type SrtRequest,
  type SrtSession,
  type SrtSessionEvent,
  type SrtSessionOptions,
} from 'millrace/srt'
import { testSrtCrypto } from '../support/srt-crypto.ts'

/** What happens to datagrams on their way. */
export interface NetworkOptions {
  readonly seed?: number
  /** Part of the datagrams that never arrive. */
  readonly loss?: number
  /** Part of them that arrive twice. */
  readonly duplicates?: number
  /** ms each way. */
  readonly delayMs?: number
  /** Up to so many ms more, for each datagram by itself: they overtake each other. */
  readonly jitterMs?: number
  /** Says of a datagram that it is lost, beside chance. */
  readonly drops?: (datagram: Uint8Array, toListener: boolean, nowMs: number) => boolean
}

export interface WorldOptions {
  readonly network?: NetworkOptions
  readonly caller?: Partial<SrtCallerOptions>
  readonly listener?: Partial<SrtListenerOptions>
  readonly accept?: SrtSessionOptions
  /** Instead of accepting at once. */
  readonly decide?: (request: SrtRequest) => SrtSession | undefined
  readonly startMs?: number
}

interface InFlight {
  readonly atMs: number
  readonly bytes: Uint8Array
  readonly toListener: boolean
}

type End = 'caller' | 'listener'
const CALLER = { address: '127.0.0.1', port: 40_000 }

export class SimulatedWorld {
  nowMs: number
  readonly caller: SrtCallerSession
  readonly listener: SrtListener
  accepted: SrtSession | undefined
  readonly events: Record<End, SrtSessionEvent[]> = { caller: [], listener: [] }
  /** Datagrams that were sent, whether they arrived or not. */
  readonly sent: Record<End, Uint8Array[]> = { caller: [], listener: [] }
  readonly requests: SrtRequest[] = []
  readonly #network: NetworkOptions
  readonly #random: () => number
  readonly #decide: (request: SrtRequest) => SrtSession | undefined
  #inFlight: InFlight[] = []

  constructor(options: WorldOptions = {}) {
    this.nowMs = options.startMs ?? 1_000_000
    this.#network = options.network ?? {}
    const seed = this.#network.seed ?? 1
    const bytes = testSrtCrypto(seed + 1000)
    this.#random = () => {
      const [a = 0, b = 0, c = 0] = bytes.randomBytes(3)
      return (a * 65_536 + b * 256 + c) / 2 ** 24
    }
    const nowMs = this.nowMs
    this.listener = new SrtListener({ crypto: testSrtCrypto(seed), nowMs, ...options.listener })
    this.caller = new SrtCallerSession({ crypto: testSrtCrypto(seed + 500), nowMs, ...options.caller })
    this.#decide = options.decide ?? ((request) => request.accept(options.accept))
    this.#drain()
  }

  /** Lets time pass. */
  run(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let turns = 0; ; turns++) {
      const nextMs = this.#nextMs()
      if (nextMs > untilMs) break
      if (nextMs > this.nowMs) turns = 0
      else if (turns > 10_000) throw new Error(`time stands still at ${this.nowMs}`)
      this.nowMs = Math.max(this.nowMs, nextMs)
      this.#step()
    }
    this.nowMs = untilMs
    this.#step()
  }

  /** `count` messages of `bytes`, one every `everyMs`, numbered in their first four bytes. */
  stream(from: End, count: number, everyMs: number, bytes = 1316, firstNumber = 0): void {
    for (let i = 0; i < count; i++) {
      this.write(from, numbered(firstNumber + i, bytes))
      this.run(everyMs)
    }
  }

  write(from: End, payload: Uint8Array): boolean {
    const isTaken = (from === 'caller' ? this.caller : this.accepted!).write(payload, this.nowMs)
    this.#drain()
    return isTaken
  }

  /** Events are read and output is sent, after a call of the test itself. */
  settle(): void {
    this.#drain()
  }

  /** The numbers of the messages that arrived at an end. */
  received(at: End): number[] {
    return this.events[at].flatMap((event) => {
      if (event.type !== 'data') return []
      const [a = 0, b = 0, c = 0, d = 0] = event.payload
      return [(a << 24) | (b << 16) | (c << 8) | d]
    })
  }

  #nextMs(): number {
    let next = Math.min(
      this.caller.nextTimeoutMs ?? Infinity,
      this.listener.nextTimeoutMs ?? Infinity,
      this.accepted?.nextTimeoutMs ?? Infinity,
    )
    for (const { atMs } of this.#inFlight) if (atMs < next) next = atMs
    return next
  }

  #step(): void {
    const due = this.#inFlight.filter(({ atMs }) => atMs <= this.nowMs).toSorted((a, b) => a.atMs - b.atMs)
    if (due.length > 0) this.#inFlight = this.#inFlight.filter(({ atMs }) => atMs > this.nowMs)
    for (const { bytes, toListener } of due) {
      if (toListener) this.listener.push(bytes, CALLER, this.nowMs)
      else this.caller.push(bytes, this.nowMs)
      this.#drain()
    }
    this.caller.handleTimeout(this.nowMs)
    this.listener.handleTimeout(this.nowMs)
    this.accepted?.handleTimeout(this.nowMs)
    this.#drain()
  }

  #drain(): void {
    for (let event = this.listener.readEvent(); event !== undefined; event = this.listener.readEvent()) {
      this.requests.push(event.request)
      this.accepted = this.#decide(event.request) ?? this.accepted
    }
    for (const [end, session] of [
      ['caller', this.caller],
      ['listener', this.accepted],
    ] as const) {
      for (let event = session?.readEvent(); event !== undefined; event = session?.readEvent()) {
        this.events[end].push(event)
      }
    }
    for (const bytes of this.caller.takeOutput()) this.#send('caller', bytes)
    for (const { bytes } of this.listener.takeOutput()) this.#send('listener', bytes)
    for (const bytes of this.accepted?.takeOutput() ?? []) this.#send('listener', bytes)
  }

  #send(from: End, bytes: Uint8Array): void {
    this.sent[from].push(bytes)
    const { loss = 0, duplicates = 0, delayMs = 0, jitterMs = 0, drops } = this.#network
    const toListener = from === 'caller'
    if (drops?.(bytes, toListener, this.nowMs) === true) return
    const copies = this.#random() < loss ? 0 : this.#random() < duplicates ? 2 : 1
    for (let i = 0; i < copies; i++) {
      this.#inFlight.push({ atMs: this.nowMs + delayMs + this.#random() * jitterMs, bytes, toListener })
    }
  }
}

/** A message that begins with its number. */
export function numbered(number: number, bytes = 1316): Uint8Array {
  const payload = new Uint8Array(bytes).fill(number & 0xff)
  payload.set([number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff])
  return payload
}

/** 0 … count − 1 */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** Type of a control packet as on the wire; −1 for data. */
export function controlType(datagram: Uint8Array): number {
  return isControlPacket(datagram) ? ((datagram[0]! & 0x7f) << 8) | datagram[1]! : -1
}
