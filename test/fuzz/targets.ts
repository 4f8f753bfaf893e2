/**
 * What is fuzzed: each parser and session as a function of bytes that throws for a defect alone. Fuzzers that take such functions
 * (Jazzer.js, `run.ts` beside this file) find them by name.
 */
import { createHmac } from 'node:crypto'
import { decodeAmf0, decodeAmf3 } from 'millrace/amf0'
import { ChunkDecoder } from 'millrace/chunk'
import {
  decodeAc3Header,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  decodeAv1Configuration,
  decodeAvcConfiguration,
  decodeAvcSps,
  decodeFlacStreamInfo,
  decodeHevcConfiguration,
  decodeHevcSps,
  decodeMpegAudioHeader,
  decodeOpusHead,
  decodeVpConfiguration,
  decodeVvcConfiguration,
  describeTrack,
  findAv1SequenceHeader,
  inBandConfiguration,
  splitAdts,
  splitAnnexB,
  splitAvcc,
} from 'millrace/codec'
import { MediaError } from 'millrace/errors'
import { FlvDemuxer } from 'millrace/flv'
import { ClientHandshake, type HandshakeCrypto, ServerHandshake } from 'millrace/handshake'
import { parsePlaylist } from 'millrace/hls'
import { KeyframeCut, Segmenter } from 'millrace/segment'
import { SourceClock } from 'millrace/hub'
import {
  AccessUnitConverter,
  ConfigurationTracker,
  type MediaPacket,
  PacketConverter,
  packetFromTag,
  TrackCatalog,
} from 'millrace/media'
import { FragmentedMp4Muxer, Mp4IndexReader, planMp4 } from 'millrace/mp4'
import { TsDemuxer, TsMuxer } from 'millrace/mpegts'
import { ProxyProtocolDecoder } from 'millrace/node'
import { decodeRtmpMessage, parseRtmpUrl, RtmpClientSession, RtmpServerSession } from 'millrace/rtmp'
import {
  createDepacketizer,
  decodeRtcp,
  type RtpFormat,
  rtpFormatsOf,
  RtpReceiver,
  RtpTimeline,
} from 'millrace/rtp'
import { formatSdp, parseSdp } from 'millrace/sdp'
import {
  decodeSrtControlPacket,
  decodeSrtDataPacket,
  decodeSrtKeyMaterial,
  parseSrtStreamId,
  SrtCallerSession,
  SrtListener,
  type SrtCrypto,
} from 'millrace/srt'
import { WebSocketDecoder } from 'millrace/websocket'

/** A function that throws for a defect alone. */
export type FuzzTarget = (bytes: Uint8Array) => void

const crypto: HandshakeCrypto = {
  randomBytes: (length) => new Uint8Array(length),
  hmacSha256: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
}

/** What a peer may cause: an error with a code. */
function tolerant(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
}

/** The bytes after the first in pieces of as many bytes as that says, 1 to 256. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  const size = (bytes[0] ?? 0) + 1
  for (let at = 1; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** All that a reader has. */
function drain(reader: { read(): unknown }): void {
  while (reader.read() !== undefined);
}

/** Tags behind each other: type 8, dts 16, length 16, body. Times are multiples of 8 ms. */
function* tags(bytes: Uint8Array): Generator<MediaPacket> {
  for (let at = 0; at + 5 <= bytes.length;) {
    const dts = ((bytes[at + 1]! << 8) | bytes[at + 2]!) * 8
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!
    const type = ([8, 9, 18] as const)[bytes[at]! % 3]!
    yield packetFromTag(type, dts, bytes.subarray(at + 5, at + 5 + length))
    at += 5 + length
  }
}

const CODEC_READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  decodeAc3Header,
  (bytes) => decodeAdtsHeader(bytes),
  splitAdts,
  decodeAudioSpecificConfig,
  decodeAv1Configuration,
  findAv1SequenceHeader,
  decodeAvcConfiguration,
  decodeAvcSps,
  decodeFlacStreamInfo,
  (bytes) => decodeHevcConfiguration(bytes),
  decodeHevcSps,
  (bytes) => decodeMpegAudioHeader(bytes),
  decodeOpusHead,
  decodeVpConfiguration,
  decodeVvcConfiguration,
  (bytes) => splitAnnexB(bytes),
  (bytes) => splitAvcc(bytes, 4),
  (bytes) => inBandConfiguration('avc1', bytes),
  (bytes) => inBandConfiguration('hvc1', bytes),
  ...['avc1', 'hvc1', 'vvc1', 'av01', 'vp09', 'mp4a', '.mp3', 'Opus', 'fLaC', 'ac-3'].map(
    (codec) => (bytes: Uint8Array) => describeTrack(codec, bytes),
  ),
]

/** AMF0 and AMF3 values. */
export const amf: FuzzTarget = (bytes) => {
  tolerant(() => decodeAmf0(bytes))
  tolerant(() => decodeAmf3(bytes))
}

/** Configuration records, parameter sets and frame headers; the first byte says of what. */
export const codec: FuzzTarget = (bytes) => {
  const reader = CODEC_READERS[(bytes[0] ?? 0) % CODEC_READERS.length]!
  tolerant(() => reader(bytes.subarray(1)))
}

/** FLV files, in pieces. */
export const flv: FuzzTarget = (bytes) => {
  const demuxer = new FlvDemuxer()
  tolerant(() => {
    for (const piece of pieces(bytes)) {
      demuxer.push(piece)
      for (let packet = demuxer.read(); packet !== undefined; packet = demuxer.read()) packet.tracks()
    }
  })
}

/** Transport streams, in pieces. */
export const mpegts: FuzzTarget = (bytes) => {
  const demuxer = new TsDemuxer()
  tolerant(() => {
    for (const piece of pieces(bytes)) {
      demuxer.push(piece)
      drain(demuxer)
    }
    demuxer.flush()
    drain(demuxer)
  })
}

/** MP4 files, read and planned. */
export const mp4: FuzzTarget = (bytes) => {
  tolerant(() => {
    const reader = new Mp4IndexReader({ fileBytes: bytes.length, maxIndexBytes: 1_000_000 })
    for (let next = reader.wanted(); next !== undefined; next = reader.wanted())
      reader.push(bytes.subarray(next.offset, next.offset + next.length))
    const plan = planMp4(reader.index)
    if (plan !== undefined) for (const part of plan.header()) void part.length
  })
}

/** Both sides of the handshake, in pieces. */
export const handshake: FuzzTarget = (bytes) => {
  for (const side of [new ServerHandshake({ crypto }), new ClientHandshake({ crypto })]) {
    tolerant(() => {
      for (const piece of pieces(bytes)) side.push(piece, 0)
    })
  }
}

/** Chunk streams, in pieces, and the messages in them. */
export const chunk: FuzzTarget = (bytes) => {
  const decoder = new ChunkDecoder()
  tolerant(() => {
    for (const piece of pieces(bytes)) {
      decoder.push(piece)
      for (let message = decoder.read(); message !== undefined; message = decoder.read()) {
        const whole = message
        tolerant(() => decodeRtmpMessage(whole))
      }
    }
  })
}

/** A server session after the handshake, everything granted. Sessions throw nothing at all. */
export const serverSession: FuzzTarget = (bytes) => {
  const session = new RtmpServerSession({ nowMs: 0, crypto })
  session.push(HANDSHAKE, 0)
  let nowMs = 0
  for (const piece of pieces(bytes)) {
    session.push(piece, (nowMs += 10))
    for (let event = session.readEvent(); event !== undefined; event = session.readEvent()) {
      if (event.type === 'connect') session.acceptConnect()
      else if (event.type === 'publish') session.acceptPublish()
      else if (event.type === 'play') session.acceptPlay()
    }
    session.takeOutput()
  }
  session.handleTimeout(nowMs + 60_000)
  session.close()
}

/** Client sessions after the handshake, both modes. */
export const clientSession: FuzzTarget = (bytes) => {
  for (const mode of ['publish', 'play'] as const) {
    const session = new RtmpClientSession({
      nowMs: 0,
      crypto,
      mode,
      app: 'live',
      tcUrl: 'rtmp://192.0.2.1/live',
      streamName: 'show',
    })
    session.push(HANDSHAKE, 0)
    let nowMs = 0
    for (const piece of pieces(bytes)) {
      session.push(piece, (nowMs += 10))
      while (session.readEvent() !== undefined);
      session.takeOutput()
    }
    session.handleTimeout(nowMs + 60_000)
    session.close()
  }
}

const UNIT_CODECS = [
  'avc1',
  'hvc1',
  'av01',
  'vp08',
  'vp09',
  'mp4a',
  'Opus',
  'fLaC',
  '.mp3',
  'ac-3',
  'vvc1',
  'alaw',
]

/** Units behind each other (codec 8, time 8, flags 8, length 8, data) to packets, to units and to packets again. */
export const accessUnits: FuzzTarget = (bytes) => {
  const converter = new PacketConverter()
  const units = new AccessUnitConverter()
  const again = new PacketConverter()
  for (let at = 0; at + 4 <= bytes.length;) {
    const [kind = 0, time = 0, flags = 0, length = 0] = bytes.subarray(at, at + 4)
    const data = bytes.subarray(at + 4, at + 4 + length)
    const unit = {
      codec: UNIT_CODECS[kind % UNIT_CODECS.length]!,
      trackId: flags >> 6,
      pts: (flags & 1) === 0 ? time * 40 : undefined,
      dts: (flags & 2) === 0 ? undefined : time * 40,
      data,
      randomAccess: (flags & 4) !== 0,
      lost: (flags & 8) !== 0,
      configuration: (flags & 16) === 0 ? undefined : data,
    }
    for (const packet of converter.push(unit))
      for (const converted of units.push(packet)) again.push({ ...converted, dts: undefined })
    at += 4 + length
  }
}

/** Playlists and URLs. */
export const text: FuzzTarget = (bytes) => {
  const words = new TextDecoder().decode(bytes)
  tolerant(() => parsePlaylist(words))
  try {
    parseRtmpUrl(words)
  } catch (error) {
    // What is no URL is its caller's mistake.
    if (!(error instanceof TypeError)) throw error
  }
}

/** PROXY protocol, both versions, in pieces. */
export const proxyHeader: FuzzTarget = (bytes) => {
  const decoder = new ProxyProtocolDecoder()
  tolerant(() => {
    for (const piece of pieces(bytes)) if (decoder.push(piece) !== undefined) return
  })
}

/** Frames of a WebSocket client, in pieces. */
export const websocket: FuzzTarget = (bytes) => {
  const decoder = new WebSocketDecoder()
  tolerant(() => {
    for (const piece of pieces(bytes)) {
      decoder.push(piece)
      drain(decoder)
    }
  })
}

/** Tags of a publisher through the clock, the trackers and all muxers. */
export const media: FuzzTarget = (bytes) => {
  const clock = new SourceClock()
  const tracker = new ConfigurationTracker()
  const catalog = new TrackCatalog()
  const ts = new TsMuxer({ audioPesMs: 120 })
  const hls = new Segmenter({ cut: new KeyframeCut({ targetDurationMs: 1000 }) })
  let file = new FragmentedMp4Muxer()
  for (const tag of tags(bytes)) {
    const packet = tag.withDts(clock.map(tag))
    tolerant(() => tracker.push(packet))
    catalog.push(packet)
    ts.write(packet)
    hls.push(packet, 0)
    tolerant(() => {
      const result = file.write(packet)
      if (result === 'written' || result === 'ignored') return
      file.end()
      file = new FragmentedMp4Muxer({ configuration: tracker.set })
    })
  }
  hls.end()
  drain(hls)
  file.end()
}

/** Hashes that cost nothing: what is fuzzed is what peers send. */
const srtCrypto: SrtCrypto = {
  randomBytes: (length) => new Uint8Array(length).fill(1),
  hmacSha256: () => new Uint8Array(32),
  pbkdf2Sha1: (_passphrase, _salt, _iterations, length) => new Uint8Array(length),
  wrapKey: (_key, keys) => Uint8Array.from([...new Uint8Array(8), ...keys]),
  unwrapKey: (_key, wrapped) => wrapped.subarray(8),
  aesCtr: (_key, _counter, data) => data.slice(),
}

/** SRT datagrams behind each other: to whom 8, length 8 (in units of 2 bytes), body. They go to decoders, a listener and both ends of a connection. */
export const srt: FuzzTarget = (bytes) => {
  const from = { address: '127.0.0.1', port: 1 }
  const options = { crypto: srtCrypto, nowMs: 0, passphrase: 'fuzz-passphrase', keyRefreshPackets: 8 }
  const listener = new SrtListener({ ...options, maxHandshakesPerSec: 1e6, maxReceivePackets: 256 })
  const caller = new SrtCallerSession(options)
  for (let turn = 0; turn < 2; turn++) {
    for (const datagram of caller.takeOutput()) listener.push(datagram, from, 0)
    for (const { bytes: answer } of listener.takeOutput()) caller.push(answer, 0)
  }
  const accepted = listener.readEvent()?.request.accept()
  for (const datagram of accepted?.takeOutput() ?? []) caller.push(datagram, 0)
  let nowMs = 0
  for (let at = 0; at + 2 <= bytes.length;) {
    const length = 2 * bytes[at + 1]!
    const to = bytes[at]! % 3
    const datagram = bytes.slice(at + 2, at + 2 + length)
    at += 2 + length
    nowMs += 5
    tolerant(() => decodeSrtControlPacket(datagram))
    tolerant(() => decodeSrtDataPacket(datagram))
    tolerant(() => decodeSrtKeyMaterial(datagram))
    parseSrtStreamId(String.fromCharCode(...datagram.subarray(0, 64)))
    const session = to === 1 ? caller : accepted
    if (to > 0 && session !== undefined && datagram.length >= 16) {
      new DataView(datagram.buffer).setUint32(12, session.socketId)
    }
    if (to === 1) caller.push(datagram, nowMs)
    else listener.push(datagram, from, nowMs)
    if (datagram.length > 0) caller.write(datagram, nowMs)
    caller.handleTimeout(nowMs)
    accepted?.handleTimeout(nowMs)
    while (listener.readEvent() !== undefined);
    while (caller.readEvent() !== undefined);
    while (accepted?.readEvent() !== undefined);
    if (listener.takeOutput().length > 10 || caller.takeOutput().length > 500)
      throw new Error('an answer grows')
    accepted?.takeOutput()
  }
}

/** Session descriptions and the formats in them. */
export const sdp: FuzzTarget = (bytes) => {
  tolerant(() => {
    const description = parseSdp(new TextDecoder().decode(bytes))
    formatSdp(description)
    for (const format of description.media.flatMap(rtpFormatsOf)) createDepacketizer(format)
  })
}

const RTP_FORMATS: readonly RtpFormat[] = parseSdp(
  [
    'm=video 0 RTP/AVP 96 97 98 99 100 33',
    'a=rtpmap:96 H264/90000',
    'a=rtpmap:97 H265/90000',
    'a=rtpmap:98 AV1/90000',
    'a=rtpmap:99 VP8/90000',
    'a=rtpmap:100 VP9/90000',
    'm=audio 0 RTP/AVP 101 102 103 14 8',
    'a=rtpmap:101 MPEG4-GENERIC/48000/2',
    'a=fmtp:101 config=1190',
    'a=rtpmap:102 MP4A-LATM/48000',
    'a=fmtp:102 config=410023203fc0',
    'a=rtpmap:103 opus/48000/2',
  ].join('\n'),
).media.flatMap(rtpFormatsOf)

/** Datagrams of one track: the first byte says of which format; then length 8, flags 8 (1 RTCP), bytes. */
export const rtp: FuzzTarget = (bytes) => {
  const format = RTP_FORMATS[(bytes[0] ?? 0) % RTP_FORMATS.length]!
  const receiver = new RtpReceiver({ format, timeline: new RtpTimeline(), maxFrameBytes: 2048 })
  const converter = new PacketConverter()
  let nowMs = 0
  const drainUnits = (): void => {
    for (let unit = receiver.read(); unit !== undefined; unit = receiver.read()) converter.push(unit)
  }
  for (let at = 1; at + 2 <= bytes.length;) {
    const [length = 0, flags = 0] = bytes.subarray(at, at + 2)
    const datagram = bytes.slice(at + 2, at + 2 + length)
    if ((flags & 1) === 0) receiver.push(datagram, nowMs)
    else
      tolerant(() => {
        for (const packet of decodeRtcp(datagram)) receiver.takeRtcp(packet, nowMs)
      })
    drainUnits()
    receiver.report(nowMs)
    nowMs += flags
    receiver.handleTimeout(nowMs)
    at += 2 + length
  }
  receiver.flush(nowMs)
  drainUnits()
}

/** C0 C1 C2, or S0 S1 S2, of the simple form. */
const HANDSHAKE = new Uint8Array(1 + 2 * 1536)
HANDSHAKE[0] = 3
