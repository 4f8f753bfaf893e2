/**
 * Two ends of a connection in memory, for tests without sockets.
 *
 * @module
 */
import { Duplex } from 'node:stream'

/** Options of {@link duplexPair}. */
export interface DuplexPairOptions {
  /**
   * Bytes that one end takes before it waits for its reader, like a TCP window: what a reader that has stopped is sent
   * beyond stays in the `writableLength` of the writer. @defaultValue 65536
   */
  readonly windowBytes?: number | undefined
}

/**
 * Joins two streams: what is written to one is read from the other.
 *
 * `end` reaches the other end behind what was written, and leaves the way back open. `destroy` is the end of a process: the
 * other end reads what it has taken so far, then its `end`; writing back fails with `EPIPE`.
 *
 * @throws RangeError for a window of less than a byte.
 * @example Serve RTMP in memory
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { duplexPair, RtmpServer } from 'millrace/node'
 *
 * const [client, server] = duplexPair()
 * new RtmpServer({ hub: new Hub() }).handle(server, { remoteAddress: '192.0.2.1' })
 * client.write(Uint8Array.of(3))
 * ```
 */
export function duplexPair(options: DuplexPairOptions = {}): [Duplex, Duplex] {
  const windowBytes = options.windowBytes ?? 65_536
  if (!(windowBytes >= 1)) throw new RangeError(`a window of ${windowBytes} bytes`)
  const a = new PairEnd(windowBytes)
  const b = new PairEnd(windowBytes)
  a.peer = b
  b.peer = a
  return [a, b]
}

type Done = (error?: Error | null) => void

class PairEnd extends Duplex {
  peer!: PairEnd
  readonly #windowBytes: number
  /** Taken from the other end, and on its way to the reader: nothing is read inside the call that writes it. */
  #arriving: Buffer[]
  #arrivingBytes: number
  #scheduled: boolean
  /** What the other end has written and there is no room for yet. */
  #waiting: { readonly bytes: Buffer; readonly done: Done } | undefined
  #end: 'open' | 'arriving' | 'read'

  constructor(windowBytes: number) {
    super({ readableHighWaterMark: windowBytes })
    this.#windowBytes = windowBytes
    this.#arriving = []
    this.#arrivingBytes = 0
    this.#scheduled = false
    this.#waiting = undefined
    this.#end = 'open'
  }

  override _read(): void {
    // What is being read makes room when this returns.
    if (this.#waiting !== undefined) this.#schedule()
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.peer.destroyed) done(brokenPipe())
    else this.peer.#take(bytes, done)
  }

  override _final(done: Done): void {
    this.peer.#takeEnd()
    done()
  }

  override _destroy(error: Error | null, done: Done): void {
    const { peer } = this
    const unread = this.#waiting
    this.#waiting = undefined
    peer.#waiting = undefined
    peer.#takeEnd()
    unread?.done(brokenPipe())
    done(error)
  }

  #take(bytes: Buffer, done: Done): void {
    const room = Math.max(0, this.#windowBytes - this.readableLength - this.#arrivingBytes)
    if (room > 0) {
      // A copy, as over TCP: the writer may reuse its buffer, the reader may keep what it got.
      const taken = Buffer.from(bytes.subarray(0, room))
      this.#arriving.push(taken)
      this.#arrivingBytes += taken.length
      this.#schedule()
    }
    if (bytes.length <= room) done()
    else this.#waiting = { bytes: bytes.subarray(room), done }
  }

  #takeEnd(): void {
    if (this.#end !== 'open') return
    this.#end = 'arriving'
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(() => this.#deliver())
  }

  #deliver(): void {
    this.#scheduled = false
    const arriving = this.#arriving
    this.#arriving = []
    this.#arrivingBytes = 0
    for (const bytes of arriving) if (!this.destroyed) this.push(bytes)
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) this.#take(waiting.bytes, waiting.done)
    if (this.#end !== 'arriving' || this.#arriving.length > 0 || this.destroyed) return
    this.#end = 'read'
    this.push(null)
  }
}

function brokenPipe(): Error {
  return Object.assign(new Error('the other end is closed'), { code: 'EPIPE' })
}
