/**
 * Playlists as one viewer gets them: under the name it asked for, with its session.
 *
 * @module
 */
import { EMPTY_BYTES } from '../bytes/index.ts'
import { describeTrack } from '../codec/index.ts'
import { formatMultivariantPlaylist } from '../hls/index.ts'
import type { FourCc, MediaPacket } from '../media/index.ts'
import type { HlsSessionEntry } from './hls-sessions.ts'

/** The playlist that names the media playlist of this viewer. */
export function multivariantText({ id, streamPath, request, packaged }: HlsSessionEntry): string {
  const { source, packager } = packaged
  const { audio, video } = source.configuration
  // A fourCC is any four bytes that a publisher sends: only what a codec string is made of can stand in a playlist.
  const tracks = [describe(source.videoCodec, video[0]), describe(source.audioCodec, audio[0])].filter(
    (track) =>
      track !== undefined &&
      !packager.unsupportedCodecs.has(track.codec) &&
      /^[\w.-]+$/.test(track.codecString),
  )
  const size = tracks.find((track) => track?.width !== undefined && track.height !== undefined)
  // The query comes along: a viewer that is admitted again later has what it was admitted with.
  const query = new URLSearchParams(request.param)
  query.delete('session')
  return formatMultivariantPlaylist({
    type: 'multivariant',
    variants: [
      {
        uri: `${nameOf(streamPath)}.m3u8?session=${id}${query.size === 0 ? '' : `&${query.toString()}`}`,
        bandwidth: Math.max(1, packager.bandwidth.peak),
        averageBandwidth: Math.max(1, packager.bandwidth.average),
        ...(tracks.length === 0 ? {} : { codecs: tracks.map((track) => track!.codecString) }),
        ...(size === undefined ? {} : { resolution: { width: size.width!, height: size.height! } }),
      },
    ],
  })
}

/** The media playlist of this viewer, `undefined` before the first segment. */
export function mediaPlaylistText({ id, streamPath, packaged }: HlsSessionEntry): string | undefined {
  // The packager names the stream as the hub does; this viewer may know it by another name.
  const name = nameOf(streamPath)
  return packaged.packager.playlist?.replaceAll(/^[^#\n]*\/(\d+\.ts)$/gm, `${name}/$1?session=${id}`)
}

function nameOf(streamPath: string): string {
  return encodeURIComponent(streamPath.slice(streamPath.lastIndexOf('/') + 1))
}

function describe(
  codec: FourCc,
  configuration: MediaPacket | undefined,
): ReturnType<typeof describeTrack> | undefined {
  return codec === '' ? undefined : describeTrack(codec, configuration?.payload ?? EMPTY_BYTES)
}
