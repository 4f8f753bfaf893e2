/**
 * Arguments of ffmpeg.
 *
 * @module
 */
import type { ResolvedAudioEncoding, ResolvedEncoding, ResolvedVideoEncoding } from './encoding.schema.ts'

/**
 * What every ffmpeg of ours begins with: reports on standard output, warnings for the log, and nothing read
 * from a terminal.
 */
export const REPORTING: readonly string[] = [
  '-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning', '-progress', 'pipe:1', '-stats_period', '1',
] // prettier-ignore

/** More frames than any GOP has: keyframes come where they are forced. */
const ENDLESS_GOP = '100000'

/** AAC as ffmpeg makes it where nothing else is said. */
export const AAC: ResolvedAudioEncoding = { codec: 'aac', options: {} }

/**
 * One output as FLV on file descriptor `fd`.
 * @param gopMs - a keyframe at the first frame at or after each multiple of this, counted from the first
 * frame: outputs of one ffmpeg that have the same frame rate have their keyframes at the same frames.
 */
export function outputArguments({ video, audio }: ResolvedEncoding, fd: number, gopMs: number): string[] {
  // An output without anything in it is an error for ffmpeg.
  if (video === 'none' && audio === 'none') return []
  return [
    ...(video === 'none' ? ['-vn'] : ['-map', '0:v:0?', ...videoArguments(video, gopMs)]),
    ...(audio === 'none' ? ['-an'] : ['-map', '0:a:0?', ...audioArguments(audio)]),
    // A kind that has paused holds the other one up for a second, not for ten.
    ...given('-max_interleave_delta', 1_000_000),
    ...given('-flush_packets', 1),
    ...given('-flvflags', 'no_duration_filesize'),
    ...given('-f', 'flv'),
    `pipe:${fd}`,
  ]
}

function videoArguments(video: 'copy' | ResolvedVideoEncoding, gopMs: number): string[] {
  if (video === 'copy') return ['-c:v', 'copy']
  const { codec, bitrateKbps, peakBitrateKbps = bitrateKbps, bFrames, threads, options } = video
  const isX26 = codec === 'libx264' || codec === 'libx265'
  const { preset = isX26 ? 'veryfast' : undefined, profile = isX26 ? 'main' : undefined } = video
  const filters = filterChain(video)
  return [
    ...given('-vf', filters),
    ...given('-c:v', codec),
    ...given('-preset', preset),
    ...given('-profile:v', profile),
    // Encoders of hardware name the formats that they take themselves.
    ...(codec.startsWith('lib') && options['pix_fmt'] === undefined ? ['-pix_fmt', 'yuv420p'] : []),
    ...given('-b:v', bits(bitrateKbps)),
    ...given('-maxrate:v', bits(peakBitrateKbps)),
    ...given('-bufsize:v', options['bufsize'] === undefined ? bits(peakBitrateKbps, 2) : undefined),
    ...given('-bf:v', bFrames),
    ...(threads === 0 ? [] : ['-threads:v', String(threads)]),
    ...given('-g:v', ENDLESS_GOP),
    ...given('-force_key_frames', keyframesEvery(gopMs)),
    ...withoutSceneCuts(codec, options),
    ...optionArguments(options, 'v'),
  ]
}

function audioArguments(audio: 'copy' | ResolvedAudioEncoding): string[] {
  if (audio === 'copy') return ['-c:a', 'copy']
  const { codec, bitrateKbps, sampleRate, channels, options } = audio
  return [
    ...given('-c:a', codec),
    ...given('-b:a', bits(bitrateKbps)),
    ...given('-ar', sampleRate),
    ...given('-ac', channels),
    ...optionArguments(options, 'a'),
  ]
}

function filterChain({ fps, width, height, upscale, filters }: ResolvedVideoEncoding): string | undefined {
  const chain: string[] = []
  if (fps !== undefined) chain.push(`fps=${fps}`)
  if (width !== undefined || height !== undefined) {
    const isLarger = upscale ? undefined : isLargerThanInput(width, height)
    chain.push(`scale=${dimension(width, 'iw', isLarger)}:${dimension(height, 'ih', isLarger)}`, 'setsar=1')
  }
  if (filters !== undefined) chain.push(filters)
  return chain.length === 0 ? undefined : chain.join(',')
}

/** For ffmpeg to find out: what is asked for has more pixels than what comes. */
function isLargerThanInput(width: number | undefined, height: number | undefined): string {
  if (width === undefined) return `gt(${height},ih)`
  return height === undefined ? `gt(${width},iw)` : `gt(${width * height},iw*ih)`
}

/** What comes may be odd, which encoders of 4:2:0 refuse. */
function dimension(asked: number | undefined, input: 'iw' | 'ih', isLarger: string | undefined): string {
  // -2: whatever keeps the aspect ratio, even.
  if (asked === undefined) return '-2'
  return isLarger === undefined ? String(asked) : `'if(${isLarger},trunc(${input}/2)*2,${asked})'`
}

/** `t` is the time since the first frame in s; half a millisecond is for its rounding. */
function keyframesEvery(gopMs: number): string {
  const grid = (t: string): string => `floor((${t}+0.0005)*1000/${gopMs})`
  return `expr:if(isnan(prev_forced_t),1,gt(${grid('t')},${grid('prev_forced_t')}))`
}

/** A keyframe that one rung has and another has not would be no place to change between them. */
function withoutSceneCuts(codec: string, options: ResolvedVideoEncoding['options']): string[] {
  if (codec === 'libx264') return ['-sc_threshold', '0']
  if (codec.endsWith('_nvenc')) return ['-no-scenecut', '1', '-forced-idr', '1']
  if (codec === 'libx265' && options['x265-params'] === undefined)
    return ['-forced-idr', '1', '-x265-params', 'scenecut=0:open-gop=0']
  return []
}

function optionArguments(options: Readonly<Record<string, string | number>>, kind: 'a' | 'v'): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`-${name}:${kind}`, String(value)])
}

function given(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)]
}

function bits(kbps: number | undefined, factor = 1): string | undefined {
  return kbps === undefined ? undefined : String(Math.round(kbps * factor * 1_000))
}
