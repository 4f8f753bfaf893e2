/**
 * What a peer can do beyond RTMP 1.0, negotiated in the properties of `connect` and its `_result`. Enhanced
 * RTMP v2, "Enhancing NetConnection connect Command".
 *
 * @module
 */
import { propertiesOf, type Amf0Object, type Amf0Value } from '../amf0/index.ts'

/** `capsEx` bit: follows {@link RtmpServerSession.requestReconnect}. */
export const CAPS_EX_RECONNECT = 0x01
/** `capsEx` bit: reads multitrack messages. */
export const CAPS_EX_MULTITRACK = 0x02
/** `capsEx` bit: parses ModEx packets. */
export const CAPS_EX_MOD_EX = 0x04
/** `capsEx` bit: knows the nanosecond offset of ModEx. */
export const CAPS_EX_TIMESTAMP_NANO_OFFSET = 0x08

/** FourCC info bit: can decode the codec. */
export const FOURCC_INFO_CAN_DECODE = 0x01
/** FourCC info bit: can encode the codec. */
export const FOURCC_INFO_CAN_ENCODE = 0x02
/** FourCC info bit: can forward the codec. */
export const FOURCC_INFO_CAN_FORWARD = 0x04

/** What the peer declared. */
export interface PeerCapabilities {
  /** Whether it named any of the properties of Enhanced RTMP. */
  readonly enhanced: boolean
  /** `fourCcList` (Enhanced RTMP v1): codecs that it supports, `'*'` for any. At most 256 are kept. */
  readonly fourCcList: readonly string[]
  /** `videoFourCcInfoMap`: FourCC or `'*'` → `FOURCC_INFO_*` bits. At most 256 are kept. */
  readonly videoFourCcInfo: ReadonlyMap<string, number>
  /** `audioFourCcInfoMap`: FourCC or `'*'` → `FOURCC_INFO_*` bits. At most 256 are kept. */
  readonly audioFourCcInfo: ReadonlyMap<string, number>
  /** `capsEx`: `CAPS_EX_*` bits. */
  readonly capsEx: number
  /** It follows reconnect requests. */
  readonly reconnect: boolean
  /** It reads multitrack messages; others are to get the default track only. */
  readonly multitrack: boolean
  /** It parses ModEx packets. */
  readonly modEx: boolean
  /** It knows the nanosecond offset of ModEx. */
  readonly timestampNanoOffset: boolean
}

/** Our own capabilities, as they are declared to the peer. */
export interface LocalCapabilities {
  /** `CAPS_EX_*` bits. @defaultValue all four */
  readonly capsEx: number
  /** FourCC or `'*'` → `FOURCC_INFO_*` bits. @defaultValue `{ '*': FOURCC_INFO_CAN_FORWARD }` */
  readonly videoFourCcInfoMap: Readonly<Record<string, number>>
  /** FourCC or `'*'` → `FOURCC_INFO_*` bits. @defaultValue `{ '*': FOURCC_INFO_CAN_FORWARD }` */
  readonly audioFourCcInfoMap: Readonly<Record<string, number>>
}

/** What this package can do: forward any codec, read multitrack and ModEx, ask for and follow reconnects. */
export const DEFAULT_CAPABILITIES: LocalCapabilities = {
  capsEx: CAPS_EX_RECONNECT | CAPS_EX_MULTITRACK | CAPS_EX_MOD_EX | CAPS_EX_TIMESTAMP_NANO_OFFSET,
  videoFourCcInfoMap: { '*': FOURCC_INFO_CAN_FORWARD },
  audioFourCcInfoMap: { '*': FOURCC_INFO_CAN_FORWARD },
}

/**
 * Reads the capabilities in a connect object, or in the properties of its `_result`. Odd types count as
 * absent.
 */
export function peerCapabilities(properties: Amf0Object): PeerCapabilities {
  const enhanced =
    properties['capsEx'] !== undefined ||
    properties['fourCcList'] !== undefined ||
    properties['videoFourCcInfoMap'] !== undefined ||
    properties['audioFourCcInfoMap'] !== undefined
  // Most players: they share one answer, for its maps would be a good part of what they cost.
  if (!enhanced) return NO_CAPABILITIES
  const capsEx = typeof properties['capsEx'] === 'number' ? properties['capsEx'] >>> 0 : 0
  const fourCcList = fourCcs(properties['fourCcList'])
  const videoFourCcInfo = infoMap(properties['videoFourCcInfoMap'])
  const audioFourCcInfo = infoMap(properties['audioFourCcInfoMap'])
  return {
    enhanced,
    fourCcList,
    videoFourCcInfo,
    audioFourCcInfo,
    capsEx,
    reconnect: (capsEx & CAPS_EX_RECONNECT) !== 0,
    multitrack: (capsEx & CAPS_EX_MULTITRACK) !== 0,
    modEx: (capsEx & CAPS_EX_MOD_EX) !== 0,
    timestampNanoOffset: (capsEx & CAPS_EX_TIMESTAMP_NANO_OFFSET) !== 0,
  }
}

/** `capabilities` as properties of a connect object or of its `_result`. */
export function capabilityProperties(capabilities: LocalCapabilities): Record<string, Amf0Value> {
  return {
    capsEx: capabilities.capsEx,
    videoFourCcInfoMap: { ...capabilities.videoFourCcInfoMap },
    audioFourCcInfoMap: { ...capabilities.audioFourCcInfoMap },
  }
}

const NO_CAPABILITIES: PeerCapabilities = {
  enhanced: false,
  fourCcList: [],
  videoFourCcInfo: new Map(),
  audioFourCcInfo: new Map(),
  capsEx: 0,
  reconnect: false,
  multitrack: false,
  modEx: false,
  timestampNanoOffset: false,
}

const MAX_FOURCCS = 256

// fourCcList is a strict array by the specification; encoders also send an ECMA array or an object with index
// keys.
function fourCcs(value: Amf0Value): string[] {
  const entries = Array.isArray(value) ? value : Object.values(propertiesOf(value) ?? {})
  return entries.filter((entry) => typeof entry === 'string').slice(0, MAX_FOURCCS)
}

function infoMap(value: Amf0Value): Map<string, number> {
  const map = new Map<string, number>()
  for (const [fourCc, mask] of Object.entries(propertiesOf(value) ?? {})) {
    if (typeof mask === 'number' && map.size < MAX_FOURCCS) map.set(fourCc, mask >>> 0)
  }
  return map
}
