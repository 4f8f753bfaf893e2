/**
 * What a connection counts, under the names that libsrt has for it.
 *
 * @module
 */

/** Counters since the connection was established, and its present state. `pkt` counts packets, `byte` their bytes with headers. */
export interface SrtStatistics {
  /** Time since the connection was established, ms. */
  readonly msTimeStamp: number
  /** Data packets sent, repetitions among them. */
  readonly pktSent: number
  /** Data packets received, repetitions among them. */
  readonly pktRecv: number
  /** Data packets sent for the first time. */
  readonly pktSentUnique: number
  /** Data packets received for the first time. */
  readonly pktRecvUnique: number
  /** Packets that the peer reported lost, counted at each report. */
  readonly pktSndLoss: number
  /** Packets that were missing when later ones came. */
  readonly pktRcvLoss: number
  /** Packets sent again. */
  readonly pktRetrans: number
  /** Packets received that were sent again. */
  readonly pktRcvRetrans: number
  /** Packets that were too late to be sent. */
  readonly pktSndDrop: number
  /** Packets that had not come when later ones were due. */
  readonly pktRcvDrop: number
  /** Packets that came after their time. */
  readonly pktRcvBelated: number
  /** Packets that could not be decrypted, or were not encrypted on an encrypted connection. */
  readonly pktRcvUndecrypt: number
  /** ACKs sent. */
  readonly pktSentACK: number
  /** ACKs received. */
  readonly pktRecvACK: number
  /** NAKs sent. */
  readonly pktSentNAK: number
  /** NAKs received. */
  readonly pktRecvNAK: number
  /** Bytes of `pktSent`. */
  readonly byteSent: number
  /** Bytes of `pktRecv`. */
  readonly byteRecv: number
  /** Bytes of `pktSentUnique`. */
  readonly byteSentUnique: number
  /** Bytes of `pktRecvUnique`. */
  readonly byteRecvUnique: number
  /** Bytes of `pktRetrans`. */
  readonly byteRetrans: number
  /** Bytes of `pktSndDrop`. */
  readonly byteSndDrop: number
  /** Rate of `byteSent` over the connection, Mbit/s. */
  readonly mbpsSendRate: number
  /** Rate of `byteRecv` over the connection, Mbit/s. */
  readonly mbpsRecvRate: number
  /** Bandwidth that sending may take, Mbit/s. */
  readonly mbpsMaxBW: number
  /** Round-trip time, ms. */
  readonly msRTT: number
  /** Packets sent and not acknowledged. */
  readonly pktFlightSize: number
  /** Packets in flight that the peer takes. */
  readonly pktFlowWindow: number
  /** Packets that the sender holds. */
  readonly pktSndBuf: number
  /** Packets that the receiver holds. */
  readonly pktRcvBuf: number
  /** Bytes of payload that the sender holds. */
  readonly byteSndBuf: number
  /** Bytes of payload that the receiver holds. */
  readonly byteRcvBuf: number
  /** Age of the oldest message that the sender holds, ms. */
  readonly msSndBuf: number
  /** Delay of what is received, ms. */
  readonly msRcvTsbPdDelay: number
  /** Delay of what is sent, ms. */
  readonly msSndTsbPdDelay: number
  /** Datagrams that could not be read. Not among those of libsrt. */
  readonly pktRcvMalformed: number
}

/** The counters of a connection, before they are put together with its state. */
export class Counters {
  sent = 0
  sentBytes = 0
  received = 0
  receivedBytes = 0
  receivedUnique = 0
  receivedUniqueBytes = 0
  sendLoss = 0
  resent = 0
  resentBytes = 0
  receivedResent = 0
  belated = 0
  undecrypted = 0
  sentAcks = 0
  receivedAcks = 0
  sentNaks = 0
  receivedNaks = 0
  malformed = 0
}
