/**
 * Playlists as one viewer gets them: under the name it asked for, with its session.
 *
 * @module
 */
import { EMPTY_BYTES } from '../bytes/index.ts'
import { describeTrack, type TrackDescription } from '../codec/index.ts'
import { formatMediaPlaylist, formatMultivariantPlaylist, type VariantStream } from '../hls/index.ts'
import { splitStreamPath } from '../hub/index.ts'
import type { FourCc, MediaPacket } from '../media/index.ts'
import type { HlsPlaylistReader } from './hls-sessions.ts'
import type { PackagedVariant } from './packaged-stream.ts'

/** The playlist that names the media playlists of this viewer. */
export function multivariantText({ id, streamPath, request, packaged }: HlsPlaylistReader): string {
  // The query comes along: a viewer that is admitted again later has what it was admitted with.
  const query = new URLSearchParams(request.param)
  if (id !== undefined) query.delete('session')
  if (packaged.variant('') === undefined) query.delete('variant')
  return multivariantPlaylist(packaged.variants, (name) => {
    const parameters = [
      id === undefined ? '' : `session=${id}`,
      name === '' ? '' : `variant=${encodeURIComponent(name)}`,
      query.toString(),
    ]
    return `${nameOf(streamPath)}.m3u8?${parameters.filter((each) => each !== '').join('&')}`
  })
}

/** A multivariant playlist, best variant first. */
export function multivariantPlaylist(
  variants: readonly PackagedVariant[],
  uriOf: (name: string) => string,
): string {
  return formatMultivariantPlaylist({
    type: 'multivariant',
    variants: variants.map((variant) => variantStream(variant, uriOf(variant.name))),
  })
}

/** The media playlist of this viewer, `undefined` before the first segment and when others have gone on without this variant. */
export function mediaPlaylistText(
  reader: HlsPlaylistReader,
  { name, packager }: PackagedVariant,
): string | undefined {
  const { playlist } = packager
  if (playlist === undefined || packager.isBehind) return undefined
  const { id, streamPath } = reader
  // A viewer with a session may know the stream by another name than the hub.
  const ofStream = id === undefined ? publicFolder(reader) : nameOf(streamPath)
  const folder = name === '' ? ofStream : `${ofStream}/${encodeURIComponent(name)}`
  const query = id === undefined ? publicQuery(reader) : `?session=${id}`
  return formatMediaPlaylist(playlist, { uriOf: (file) => `${folder}/${file}${query}` })
}

/** The folder of the segments that everybody gets, relative to the playlist: that of the hub's path, whatever the viewer called it. */
function publicFolder({ streamPath, packaged }: HlsPlaylistReader): string {
  if (splitStreamPath(streamPath).app === splitStreamPath(packaged.streamPath).app)
    return nameOf(packaged.streamPath)
  const names = packaged.streamPath.slice(1).split('/').map(encodeURIComponent)
  return '../'.repeat(streamPath.split('/').length - 2) + names.join('/')
}

/** What leads to the virtual host. */
function publicQuery({ request: { query } }: HlsPlaylistReader): string {
  const vhost = query['vhost'] ?? query['domain']
  return vhost === undefined ? '' : `?vhost=${encodeURIComponent(vhost)}`
}

function variantStream({ source, videoTrackId, packager }: PackagedVariant, uri: string): VariantStream {
  const { audio, video } = source.configuration
  const picture = videoTrackId === 0 ? video[0] : trackOf(video, videoTrackId)
  const videoCodec = videoTrackId === 0 ? source.videoCodec : (picture?.codec ?? '')
  // A fourCC is any four bytes that a publisher sends: only what a codec string is made of can stand in a playlist.
  const { carries } = packager
  const tracks = [
    carries.video ? describe(videoCodec, picture) : undefined,
    carries.audio ? describe(source.audioCodec, audio[0]) : undefined,
  ].filter(
    (track) =>
      track !== undefined &&
      !packager.unsupportedCodecs.has(track.codec) &&
      /^[\w.-]+$/.test(track.codecString),
  )
  const size = tracks.find((track) => track?.width !== undefined && track.height !== undefined)
  const { frameRate } = packager
  return {
    uri,
    bandwidth: Math.max(1, packager.bandwidth.peak),
    averageBandwidth: Math.max(1, packager.bandwidth.average),
    ...(tracks.length === 0 ? {} : { codecs: tracks.map((track) => track!.codecString) }),
    ...(size === undefined ? {} : { resolution: { width: size.width!, height: size.height! } }),
    ...(frameRate === undefined ? {} : { frameRate }),
  }
}

function trackOf(configuration: readonly MediaPacket[], trackId: number): MediaPacket | undefined {
  for (const packet of configuration) {
    const track = packet.track(trackId)
    if (track !== undefined) return track
  }
  return undefined
}

function nameOf(streamPath: string): string {
  return encodeURIComponent(splitStreamPath(streamPath).streamName)
}

function describe(codec: FourCc, configuration: MediaPacket | undefined): TrackDescription | undefined {
  return codec === '' ? undefined : describeTrack(codec, configuration?.payload ?? EMPTY_BYTES)
}
