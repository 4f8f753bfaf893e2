/**
 * What the two sides of a handshake settle, and what they say of themselves. draft-sharabayko-srt-01 §4.3.
 *
 * @module
 */
import { EXTENSION_FLAG_HANDSHAKE, type SrtHandshake } from './handshake.ts'
import {
  SRT_FLAG_CRYPT,
  SRT_FLAG_PERIODIC_NAK,
  SRT_FLAG_RESENT_BIT,
  SRT_FLAG_STREAM,
  SRT_FLAG_TOO_LATE_DROP,
  SRT_FLAG_TSBPD_RECEIVE,
  SRT_FLAG_TSBPD_SEND,
  type SrtLatencyExtension,
} from './handshake-extensions.ts'
import type { KeyRing } from './key-ring.ts'
import { KeyRotation } from './key-rotation.ts'
import { MAX_PAYLOAD_BYTES } from './receiver.ts'
import { SRT_REJECTION } from './rejection.ts'
import type { SessionSettings } from './session-options.ts'
import type { SessionTerms } from './srt-session.ts'

/** The version that this side names: that of the libsrt it behaves like. */
const SRT_VERSION = 0x01_05_01
/** What a peer must know at least: 1.3.0 brought handshakes of version 5. */
const MIN_SRT_VERSION = 0x01_03_00
/** Bytes of a packet with its IP and UDP headers. */
export const MTU_BYTES = 1500
/** Headers of IPv4, UDP and SRT. */
const HEADERS_BYTES = 28 + 16
/** One TS packet must fit. */
const MIN_MTU_BYTES = 188 + HEADERS_BYTES

/** What this side can do: all but byte streams and packet filters. */
const FLAGS =
  SRT_FLAG_TSBPD_SEND |
  SRT_FLAG_TSBPD_RECEIVE |
  SRT_FLAG_CRYPT |
  SRT_FLAG_TOO_LATE_DROP |
  SRT_FLAG_PERIODIC_NAK |
  SRT_FLAG_RESENT_BIT

/** HSREQ or HSRSP of this side. */
export function latencyExtension(receiveLatencyMs: number, sendLatencyMs: number): SrtLatencyExtension {
  return { srtVersion: SRT_VERSION, flags: FLAGS, receiveLatencyMs, sendLatencyMs }
}

/** Whether sizes of a handshake can be worked with. */
export function hasUsableSizes({ mtuBytes, flowWindowPackets, socketId }: SrtHandshake): boolean {
  return mtuBytes >= MIN_MTU_BYTES && flowWindowPackets >= 1 && socketId !== 0
}

/** Why a listener cannot accept a conclusion, whatever it asks for. */
export function conclusionFault(conclusion: SrtHandshake): number | undefined {
  const { extensions, version, extensionField } = conclusion
  const { request } = extensions
  if (version !== 5) return SRT_REJECTION.version
  if (request === undefined || (extensionField & EXTENSION_FLAG_HANDSHAKE) === 0) return SRT_REJECTION.rogue
  if (!hasUsableSizes(conclusion)) return SRT_REJECTION.rogue
  if (request.srtVersion < MIN_SRT_VERSION || (request.flags & SRT_FLAG_RESENT_BIT) === 0) {
    return SRT_REJECTION.version
  }
  if ((request.flags & SRT_FLAG_STREAM) !== 0) return SRT_REJECTION.messageApi
  if ((extensions.congestionController ?? 'live') !== 'live') return SRT_REJECTION.congestion
  if (extensions.packetFilter !== undefined) return SRT_REJECTION.filter
  return extensions.group === undefined ? undefined : SRT_REJECTION.group
}

/** What is settled, from the conclusion of the peer. */
export function sessionTerms(
  conclusion: SrtHandshake,
  extension: SrtLatencyExtension,
  settings: SessionSettings,
  settled: {
    readonly receiveLatencyMs: number
    readonly sendLatencyMs: number
    readonly keys: KeyRing | undefined
    readonly peerArrivalUs: number
    readonly peerTimestamp: number
  },
): SessionTerms {
  const { keys, ...rest } = settled
  return {
    ...rest,
    // Each direction changes its keys by itself from here on.
    keys: keys && new KeyRotation(keys.clone(), settings.keyRefreshPackets, settings.keyAnnouncePackets),
    receiveKeys: keys,
    initialSequenceNumber: conclusion.initialSequenceNumber,
    flowWindowPackets: Math.min(conclusion.flowWindowPackets, settings.maxSendPackets),
    peerFlags: extension.flags,
    peerId: conclusion.socketId,
    peerVersion: extension.srtVersion,
    maxPayloadBytes: Math.min(MAX_PAYLOAD_BYTES, conclusion.mtuBytes - HEADERS_BYTES),
  }
}
