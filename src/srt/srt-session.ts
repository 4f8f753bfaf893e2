/**
 * One SRT connection without a socket: datagrams and time in, datagrams and events out.
 *
 * @module
 */
import { LimitError, MediaError, ProtocolError } from '../errors/index.ts'
import { decodeSrtControlPacket, type SrtControlPacket } from './control-packet.ts'
import { decodeSrtDataPacket } from './data-packet.ts'
import { isControlPacket } from './packet-header.ts'
import { Receiver, type ReceiverTerms } from './receiver.ts'
import { RoundTrip } from './round-trip.ts'
import { Sender, type SenderTerms } from './sender.ts'
import type { SrtCloseCode, SrtSessionEvent } from './session-events.ts'
import type { SessionSettings } from './session-options.ts'
import { SessionOutput } from './session-output.ts'
import { Counters, type SrtStatistics } from './statistics.ts'

/** What a handshake has settled. */
export interface SessionTerms extends SenderTerms, Omit<ReceiverTerms, 'keys'> {
  readonly receiveKeys: ReceiverTerms['keys']
  readonly peerId: number
  readonly peerVersion: number
  /** Bytes of a message. */
  readonly maxPayloadBytes: number
}

const TICK_US = 10_000
const KEEP_ALIVE_US = 1_000_000
/** What a close waits for acknowledgements beyond the latency. µs */
const LINGER_US = 500_000

/**
 * A connection in live mode. {@link SrtCallerSession} opens one; {@link SrtRequest.accept} of a listener returns one.
 *
 * Give it each datagram and the time, then read its events until there is none and send its output. Nothing here throws for what a peer
 * sent: what cannot be read is counted, and what cannot go on ends the session with one `close` event.
 */
export class SrtSession {
  /** Socket id of this side. */
  readonly socketId: number
  /** @internal */
  protected readonly settings: SessionSettings
  /** @internal */
  protected readonly output: SessionOutput
  /** @internal The latest time that was told, µs. */
  protected nowUs: number
  readonly #counters: Counters
  readonly #roundTrip: RoundTrip
  #state: 'opening' | 'open' | 'closing' | 'ended' | 'closed'
  #terms: SessionTerms | undefined
  #sender: Sender | undefined
  #receiver: Receiver | undefined
  #openedUs: number
  #heardUs: number
  #dataUs: number
  #tickUs: number
  #lingerUs: number
  #events: SrtSessionEvent[]
  #onClose: (() => void) | undefined

  /** @internal */
  constructor(settings: SessionSettings, socketId: number, nowMs: number) {
    this.socketId = socketId
    this.settings = settings
    this.nowUs = Math.round(nowMs * 1000)
    this.output = new SessionOutput(this.nowUs, settings.maxOutputDatagrams)
    this.#counters = new Counters()
    this.#roundTrip = new RoundTrip()
    this.#state = 'opening'
    this.#terms = undefined
    this.#sender = undefined
    this.#receiver = undefined
    this.#openedUs = this.nowUs
    this.#heardUs = this.nowUs
    this.#dataUs = this.nowUs
    this.#tickUs = this.nowUs
    this.#lingerUs = Infinity
    this.#events = []
    this.#onClose = undefined
  }

  /** Whether messages may be written. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether the session is over, or only what it has received is still to be read. */
  get isClosed(): boolean {
    return this.#state === 'closed' || this.#state === 'ended'
  }

  /** Longest message, bytes: 1456, less if the peer's MTU is smaller. MPEG-TS goes in messages of 1316 bytes, 7 packets. */
  get maxPayloadBytes(): number {
    return this.#terms?.maxPayloadBytes ?? 0
  }

  /** Messages that wait to be sent or acknowledged. */
  get sendPackets(): number {
    const buffer = this.#sender?.buffer
    return buffer === undefined ? 0 : buffer.queued + buffer.inFlight
  }

  /**
   * Takes a datagram of the peer, which is copied where needed. The owner has checked that it came from the peer's address and port.
   * @param nowMs - the present time, on any clock that does not go backwards; fractions count.
   */
  push(datagram: Uint8Array, nowMs: number): void {
    this.#setNow(nowMs)
    if (this.isClosed) return
    try {
      if (isControlPacket(datagram)) this.#control(decodeSrtControlPacket(datagram))
      else this.#data(datagram)
      this.#run()
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      // Anyone can send a datagram that cannot be read; it ends nothing.
      if (error instanceof ProtocolError) this.fail(error)
      else this.#counters.malformed++
    }
  }

  /** The next event; `undefined` if there is none now. Messages that are due are taken from the receiver here: read on after each call. */
  readEvent(): SrtSessionEvent | undefined {
    const event = this.#events[0]
    if (event !== undefined && event.type !== 'close') {
      this.#events.shift()
      return event
    }
    const message = this.#state === 'closed' ? undefined : this.#receiver?.deliver(this.nowUs)
    if (message !== undefined) {
      const { payload, sequenceNumber, originUs, lostBefore } = message
      return { type: 'data', payload, sequenceNumber, originMs: originUs / 1000, lostBefore }
    }
    if (this.#state === 'ended' && (this.#receiver?.dueUs === Infinity || this.nowUs >= this.#lingerUs)) {
      this.finish('shutdown', 'the peer ended the connection')
      return this.readEvent()
    }
    if (event !== undefined) this.#events.shift()
    return event
  }

  /** The datagrams to send to the peer, in order. */
  takeOutput(): Uint8Array[] {
    return this.output.take()
  }

  /** When to call {@link SrtSession.handleTimeout}, on the clock of `push`; a time that has passed means at once. */
  get nextTimeoutMs(): number | undefined {
    const us = this.#nextUs()
    return us === Infinity ? undefined : Math.ceil(us) / 1000
  }

  /** Sends and delivers what is due, and ends what has been silent for too long; then read events and take output. */
  handleTimeout(nowMs: number): void {
    this.#setNow(nowMs)
    if (this.#state === 'open' || this.#state === 'closing') this.#run()
  }

  /**
   * Sends a message, as soon as pacing and the peer's window allow.
   * @param payload - 1 to {@link SrtSession.maxPayloadBytes} bytes; copied.
   * @returns false if `maxSendPackets` wait, so that the message is dropped, or the connection is not open.
   * @throws RangeError for a message that is empty or too long.
   */
  write(payload: Uint8Array, nowMs: number): boolean {
    this.#setNow(nowMs)
    if (this.#state !== 'open') return false
    if (payload.length === 0 || payload.length > this.maxPayloadBytes) {
      throw new RangeError(`message of ${payload.length} bytes is not within 1 to ${this.maxPayloadBytes}`)
    }
    const isTaken = this.#sender!.write(payload, this.nowUs)
    this.#sender!.run(this.nowUs)
    return isTaken
  }

  /** Ends the connection when what was written has been acknowledged, or after the latency and half a second. */
  close(): void {
    if (this.#state === 'opening') this.finish('closed', 'closed before the connection was established')
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#lingerUs = this.nowUs + this.#terms!.sendLatencyMs * 1000 + LINGER_US
    this.#endIfSent()
  }

  /** Ends the connection at once. What has not been sent or delivered is lost. */
  abort(reason = 'aborted'): void {
    if (this.#state === 'closed') return
    this.#sayShutdown()
    this.finish('closed', reason)
  }

  /** What the connection has counted, and its present state. */
  statistics(nowMs: number): SrtStatistics {
    this.#setNow(nowMs)
    const counters = this.#counters
    const send = this.#sender?.buffer
    const receive = this.#receiver?.buffer
    const elapsedUs = Math.max(1, this.nowUs - this.#openedUs)
    return {
      msTimeStamp: elapsedUs / 1000,
      pktSent: counters.sent,
      pktRecv: counters.received,
      pktSentUnique: counters.sent - counters.resent,
      pktRecvUnique: counters.receivedUnique,
      pktSndLoss: counters.sendLoss,
      pktRcvLoss: receive?.lostPackets ?? 0,
      pktRetrans: counters.resent,
      pktRcvRetrans: counters.receivedResent,
      pktSndDrop: send?.droppedPackets ?? 0,
      pktRcvDrop: receive?.droppedPackets ?? 0,
      pktRcvBelated: counters.belated,
      pktRcvUndecrypt: counters.undecrypted,
      pktSentACK: counters.sentAcks,
      pktRecvACK: counters.receivedAcks,
      pktSentNAK: counters.sentNaks,
      pktRecvNAK: counters.receivedNaks,
      byteSent: counters.sentBytes,
      byteRecv: counters.receivedBytes,
      byteSentUnique: counters.sentBytes - counters.resentBytes,
      byteRecvUnique: counters.receivedUniqueBytes,
      byteRetrans: counters.resentBytes,
      byteSndDrop: send?.droppedBytes ?? 0,
      mbpsSendRate: (counters.sentBytes * 8) / elapsedUs,
      mbpsRecvRate: (counters.receivedBytes * 8) / elapsedUs,
      mbpsMaxBW: (this.#sender?.bandwidthKbps ?? 0) / 1000,
      msRTT: this.#roundTrip.rttUs / 1000,
      pktFlightSize: send?.inFlight ?? 0,
      pktFlowWindow: this.#sender?.windowPackets ?? 0,
      pktSndBuf: this.sendPackets,
      pktRcvBuf: receive?.storedPackets ?? 0,
      byteSndBuf: send?.bytes ?? 0,
      byteRcvBuf: receive?.storedBytes ?? 0,
      msSndBuf: this.sendPackets === 0 ? 0 : (this.nowUs - send!.oldestUs) / 1000,
      msRcvTsbPdDelay: this.#terms?.receiveLatencyMs ?? 0,
      msSndTsbPdDelay: this.#terms?.sendLatencyMs ?? 0,
      pktRcvMalformed: counters.malformed,
    }
  }

  /** @internal Calls `listener` when the session is over. */
  onClose(listener: () => void): void {
    this.#onClose = listener
  }

  /** @internal Sends a datagram as it is: the answer to a handshake that is repeated. */
  repeat(datagram: Uint8Array): void {
    this.output.push(datagram, this.nowUs)
  }

  /** @internal The handshake is done. */
  establish(terms: SessionTerms): void {
    this.#terms = terms
    this.output.peerId = terms.peerId
    const { settings, output, nowUs } = this
    this.#sender = new Sender(terms, settings, output, this.#roundTrip, this.#counters, nowUs)
    const receiverTerms = { ...terms, keys: terms.receiveKeys }
    this.#receiver = new Receiver(receiverTerms, settings, output, this.#roundTrip, this.#counters, nowUs)
    this.#state = 'open'
    this.#openedUs = nowUs
    this.#heardUs = nowUs
    this.#dataUs = nowUs
    this.#tickUs = nowUs + TICK_US
    const { peerVersion, receiveLatencyMs, sendLatencyMs } = terms
    this.#events.push({ type: 'connect', peerVersion, receiveLatencyMs, sendLatencyMs })
  }

  /** @internal A handshake packet came; only a caller that waits for one has a use for it. */
  protected onHandshake(_packet: SrtControlPacket & { type: 'handshake' }): void {}

  /** @internal */
  protected fail(error: MediaError, rejection?: number): void {
    if (this.#state === 'closed') return
    this.#sayShutdown()
    this.finish(error.code, error.message, error, rejection)
  }

  /** @internal The end. */
  protected finish(code: SrtCloseCode, reason: string, error?: MediaError, rejection?: number): void {
    this.#state = 'closed'
    this.#events.push({ type: 'close', code, reason, rejection, error })
    this.#onClose?.()
  }

  #setNow(nowMs: number): void {
    this.nowUs = Math.max(this.nowUs, Math.round(nowMs * 1000))
  }

  #data(datagram: Uint8Array): void {
    const packet = decodeSrtDataPacket(datagram)
    if (this.#receiver === undefined || packet.destinationId !== this.socketId) return
    this.#heardUs = this.nowUs
    this.#dataUs = this.nowUs
    this.#receiver.received(packet, this.nowUs)
  }

  #control(packet: SrtControlPacket): void {
    if (packet.destinationId !== this.socketId) return
    this.#heardUs = this.nowUs
    const sender = this.#sender
    const receiver = this.#receiver
    if (packet.type === 'handshake') {
      if (this.#state === 'opening') this.onHandshake(packet)
      return
    }
    if (sender === undefined || receiver === undefined) return
    switch (packet.type) {
      case 'keepAlive':
        receiver.heard(packet.timestamp)
        return
      case 'ack':
        sender.acknowledged(packet, this.nowUs)
        return
      case 'nak':
        sender.reported(packet, this.nowUs)
        return
      case 'ackAck':
        receiver.ackAnswered(packet.ackNumber, packet.timestamp, this.nowUs)
        return
      case 'dropRequest':
        receiver.givenUp(packet.range)
        return
      case 'keyRequest':
        receiver.keysAnnounced(packet.message, this.nowUs)
        return
      case 'keyResponse':
        sender.keyAnswered(packet.message)
        return
      case 'shutdown':
        this.#ended()
        return
      case 'unknown':
        return
      default: {
        const never: never = packet
        return never
      }
    }
  }

  #run(): void {
    const { nowUs } = this
    const sender = this.#sender
    const receiver = this.#receiver
    if (sender === undefined || receiver === undefined || this.isClosed) return
    if (nowUs >= this.#idleUs()) {
      this.fail(
        new LimitError(
          'ERR_SRT_IDLE_TIMEOUT',
          `no packet of the peer within ${this.settings.idleTimeoutMs} ms`,
        ),
      )
      return
    }
    if (nowUs >= this.#noDataUs()) {
      this.fail(new LimitError('ERR_SRT_DATA_TIMEOUT', `no data within ${this.settings.dataTimeoutMs} ms`))
      return
    }
    sender.run(nowUs)
    if (nowUs >= this.#tickUs) {
      this.#tickUs = nowUs + TICK_US
      receiver.tick(nowUs)
    }
    this.#endIfSent()
    if (this.#state !== 'closed' && nowUs - this.output.sentUs >= KEEP_ALIVE_US) {
      this.output.control({ type: 'keepAlive' }, nowUs)
    }
  }

  #endIfSent(): void {
    if (this.#state !== 'closing') return
    if (!this.#sender!.isEmpty && this.nowUs < this.#lingerUs) return
    this.#sayShutdown()
    this.finish('closed', 'closed')
  }

  /** The peer has ended the connection; what it sent before is still delivered at its time, which may not be far off. */
  #ended(): void {
    if (this.#state === 'closing') {
      this.finish('closed', 'closed')
      return
    }
    this.#state = 'ended'
    this.#lingerUs = this.nowUs + this.#terms!.receiveLatencyMs * 1000 + LINGER_US
  }

  #sayShutdown(): void {
    if (this.#state === 'open' || this.#state === 'closing') {
      this.output.control({ type: 'shutdown' }, this.nowUs)
    }
  }

  #nextUs(): number {
    if (this.#events.length > 0) return this.nowUs
    if (this.#receiver === undefined || this.#sender === undefined || this.#state === 'closed')
      return Infinity
    if (this.#state === 'ended') return Math.min(this.#receiver.dueUs, this.#lingerUs)
    return Math.min(
      this.#receiver.isBusy ? this.#tickUs : Infinity,
      this.#receiver.dueUs,
      this.#sender.nextUs,
      this.output.sentUs + KEEP_ALIVE_US,
      this.#idleUs(),
      this.#noDataUs(),
      this.#state === 'closing' ? this.#lingerUs : Infinity,
    )
  }

  #idleUs(): number {
    const { idleTimeoutMs } = this.settings
    return idleTimeoutMs === 0 ? Infinity : this.#heardUs + idleTimeoutMs * 1000
  }

  #noDataUs(): number {
    const { dataTimeoutMs } = this.settings
    return dataTimeoutMs === 0 ? Infinity : this.#dataUs + dataTimeoutMs * 1000
  }
}
