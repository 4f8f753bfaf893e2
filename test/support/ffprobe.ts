/** What Debian's ffmpeg and ffprobe make of bytes. */
import { run } from './process.ts'
import { requireTool } from './tools.ts'

/** One stream of a file, as ffprobe counts it. */
export interface ProbedStream {
  readonly codec_name: string
  readonly nb_read_packets: string
}

interface Probe {
  readonly streams: readonly ProbedStream[]
}

/** `codec: packets` of each stream of `input` (bytes, or a path or URL). */
export async function probePackets(
  input: Uint8Array | string,
  args: readonly string[] = [],
): Promise<string[]> {
  const path = typeof input === 'string'
  const entries = ['-count_packets', '-show_entries', 'stream=codec_name,nb_read_packets', '-of', 'json']
  const result = await run(
    requireTool('ffprobe'),
    ['-v', 'error', ...args, ...entries, path ? input : 'pipe:0'],
    path ? {} : { input },
  )
  if (result.code !== 0) throw new Error(result.stderr)
  const { streams } = JSON.parse(result.stdout.toString()) as Probe
  return streams.map((stream) => `${stream.codec_name}: ${stream.nb_read_packets}`)
}

/** What ffmpeg complains of when it decodes all of `input`; `''` when nothing. */
export async function decodeErrors(
  input: Uint8Array | string,
  args: readonly string[] = [],
): Promise<string> {
  const path = typeof input === 'string'
  const result = await run(
    requireTool('ffmpeg'),
    ['-v', 'warning', ...args, '-i', path ? input : 'pipe:0', '-map', '0', '-f', 'null', '-'],
    path ? {} : { input },
  )
  return result.code === 0 ? result.stderr : `exit code ${result.code}: ${result.stderr}`
}

/** Hashes of the decoded frames of video or audio, in order; none when `input` has no such stream. */
export async function decodedFrames(input: Uint8Array | string, kind: 'v' | 'a'): Promise<string[]> {
  const path = typeof input === 'string'
  const source = [
    '-v',
    'error',
    '-fflags',
    '+bitexact',
    '-i',
    path ? input : 'pipe:0',
    '-vsync',
    'passthrough',
  ]
  const { code, stdout, stderr } = await run(
    requireTool('ffmpeg'),
    [...source, '-map', `0:${kind}?`, '-f', 'framehash', '-hash', 'md5', '-'],
    path ? {} : { input },
  )
  if (code !== 0 && !stderr.includes('does not contain any stream')) throw new Error(stderr)
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)!.trim())
}
