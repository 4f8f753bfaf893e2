/**
 * Two ends of a connection in memory, for tests without sockets.
 *
 * @module
 */
import { Duplex } from 'node:stream'

/** Options of {@link duplexPair}. */
export interface DuplexPairOptions {
  /**
   * Bytes that one end takes before it waits for its reader, like a TCP window: with 65536 a reader that stops makes the
   * writer's `writableLength` grow from the 65,537th byte on. @defaultValue 65536
   */
  readonly windowBytes?: number
}

/**
 * Joins two streams: what is written to one is read from the other. `end` and `destroy` reach the other end as they would
 * over TCP.
 *
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
  const a = new PairEnd(windowBytes)
  const b = new PairEnd(windowBytes)
  a.peer = b
  b.peer = a
  return [a, b]
}

class PairEnd extends Duplex {
  peer: PairEnd | undefined
  readonly #windowBytes: number
  #blocked: (() => void) | undefined
  #ended = false

  constructor(windowBytes: number) {
    super({ readableHighWaterMark: windowBytes, allowHalfOpen: true })
    this.#windowBytes = windowBytes
  }

  override _read(): void {
    const blocked = this.#blocked
    this.#blocked = undefined
    blocked?.()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const { peer } = this
    if (peer === undefined || peer.destroyed) {
      callback(new Error('the other end is closed'))
      return
    }
    peer.#receive(chunk, callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.peer !== undefined) this.peer.#receiveEnd()
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { peer } = this
    this.#release()
    if (peer !== undefined && !peer.destroyed) {
      peer.#release()
      peer.#receiveEnd()
      if (error !== null || !this.writableFinished) queueMicrotask(() => peer.destroy())
    }
    callback(error)
  }

  #receive(chunk: Buffer, callback: () => void): void {
    if (this.readableLength + chunk.length <= this.#windowBytes) {
      this.push(chunk)
      callback()
      return
    }
    const room = Math.max(0, this.#windowBytes - this.readableLength)
    if (room > 0) this.push(chunk.subarray(0, room))
    const rest = chunk.subarray(room)
    this.#blocked = () => this.#receive(rest, callback)
  }

  #receiveEnd(): void {
    if (this.#ended || this.destroyed) return
    this.#ended = true
    this.push(null)
  }

  #release(): void {
    const blocked = this.#blocked
    this.#blocked = undefined
    if (blocked !== undefined) queueMicrotask(blocked)
  }
}
