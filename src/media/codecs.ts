/**
 * Names of codecs. Enhanced RTMP names a codec by a fourCC; the 4-bit ids of legacy FLV (FLV 10.1 §E.4.2.1
 * and §E.4.3.1) are given names of the same form, so that a reader of a packet sees one field.
 *
 * @module
 */

/**
 * A codec as a four-character code: `avc1` `hvc1` `vvc1` `av01` `vp08` `vp09`, `mp4a` `.mp3` `Opus` `fLaC`
 * `ac-3` `ec-3`. Codecs that only legacy FLV carries have names of this package: `h263` (Sorenson), `svid`
 * and `svi2` (screen video), `vp6f`, `vp6a`, `mp4v`; `pcm `, `adpc`, `nell`, `alaw`, `ulaw`, `spex`. An
 * unknown fourCC is kept unchanged; `''` if there is none.
 */
export type FourCc = string

/** Legacy VideoCodecId of AVC (FLV 10.1 §E.4.3.1). */
export const VIDEO_CODEC_ID_AVC = 7
/** Legacy VideoCodecId that many encoders use for HEVC; in no specification. */
export const VIDEO_CODEC_ID_HEVC = 12
/** Legacy VideoCodecId that some encoders use for AV1; in no specification. */
export const VIDEO_CODEC_ID_AV1 = 13
/** Legacy SoundFormat of MP3 (FLV 10.1 §E.4.2.1). */
export const SOUND_FORMAT_MP3 = 2
/** SoundFormat that says: the low 4 bits are an AudioPacketType and a fourCC follows (Enhanced RTMP v2). */
export const SOUND_FORMAT_EX_HEADER = 9
/** Legacy SoundFormat of AAC (FLV 10.1 §E.4.2.1). */
export const SOUND_FORMAT_AAC = 10

/** Names by legacy VideoCodecId, 0 to 15. */
const VIDEO_CODECS: readonly FourCc[] = [
  '', // 0 reserved
  '', // 1 reserved (JPEG in early drafts)
  'h263', // 2 Sorenson H.263
  'svid', // 3 screen video
  'vp6f', // 4 On2 VP6
  'vp6a', // 5 On2 VP6 with alpha channel
  'svi2', // 6 screen video version 2
  'avc1', // 7 AVC
  '', // 8 reserved
  'mp4v', // 9 reserved; FFmpeg writes MPEG-4 part 2 so
  '', // 10 reserved
  '', // 11 reserved
  'hvc1', // 12 reserved; HEVC by convention
  'av01', // 13 reserved; AV1 by convention
  '', // 14 reserved
  '', // 15 reserved
]

/** Names by legacy SoundFormat, 0 to 15. */
const AUDIO_CODECS: readonly FourCc[] = [
  'pcm ', // 0 linear PCM, platform endian
  'adpc', // 1 ADPCM
  '.mp3', // 2 MP3
  'pcm ', // 3 linear PCM, little endian
  'nell', // 4 Nellymoser 16 kHz mono
  'nell', // 5 Nellymoser 8 kHz mono
  'nell', // 6 Nellymoser
  'alaw', // 7 G.711 A-law
  'ulaw', // 8 G.711 mu-law
  '', // 9 ExHeader: a fourCC follows
  'mp4a', // 10 AAC
  'spex', // 11 Speex
  '', // 12 reserved
  '', // 13 reserved
  '.mp3', // 14 MP3 8 kHz
  '', // 15 device-specific sound
]

/** The name of a legacy VideoCodecId; `''` for a reserved one. */
export function videoCodecOf(codecId: number): FourCc {
  return VIDEO_CODECS[codecId & 0x0f]!
}

/** The name of a legacy SoundFormat; `''` for a reserved one. */
export function audioCodecOf(soundFormat: number): FourCc {
  return AUDIO_CODECS[soundFormat & 0x0f]!
}

const VIDEO_FOURCCS: ReadonlySet<FourCc> = new Set(['avc1', 'hvc1', 'vvc1', 'av01', 'vp08', 'vp09'])
const AUDIO_FOURCCS: ReadonlySet<FourCc> = new Set(['mp4a', '.mp3', 'Opus', 'fLaC', 'ac-3', 'ec-3'])

/** Known fourCCs by their u32, so that a packet costs no string. */
const KNOWN_FOURCCS: ReadonlyMap<number, FourCc> = new Map(
  [...VIDEO_FOURCCS, ...AUDIO_FOURCCS].map((name) => [fourCcNumber(name), name] as const),
)

/**
 * Whether a codec is one of Enhanced RTMP v2 for its kind, so that its sequence start can be trusted to be
 * one.
 */
export function isKnownCodec(kind: 'audio' | 'video', codec: FourCc): boolean {
  return (kind === 'video' ? VIDEO_FOURCCS : AUDIO_FOURCCS).has(codec)
}

/** Reads the four bytes at `offset` as a fourCC, one character a byte. The caller has checked the length. */
export function readFourCc(bytes: Uint8Array, offset: number): FourCc {
  const a = bytes[offset]!
  const b = bytes[offset + 1]!
  const c = bytes[offset + 2]!
  const d = bytes[offset + 3]!
  return KNOWN_FOURCCS.get((a << 24) | (b << 16) | (c << 8) | d) ?? String.fromCharCode(a, b, c, d)
}

/**
 * Writes a fourCC at `offset`.
 * @throws RangeError if `codec` is not four characters of one byte each.
 */
export function writeFourCc(codec: FourCc, out: Uint8Array, offset: number): void {
  if (codec.length !== 4) throw new RangeError(`a fourCC has four characters: '${codec}'`)
  for (let i = 0; i < 4; i++) {
    const code = codec.charCodeAt(i)
    if (code > 0xff) throw new RangeError(`a fourCC has characters of one byte: '${codec}'`)
    out[offset + i] = code
  }
}

function fourCcNumber(name: string): number {
  return (
    (name.charCodeAt(0) << 24) | (name.charCodeAt(1) << 16) | (name.charCodeAt(2) << 8) | name.charCodeAt(3)
  )
}
