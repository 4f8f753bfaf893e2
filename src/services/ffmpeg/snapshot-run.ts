/**
 * One JPEG from one keyframe.
 *
 * @module
 */
import { concatBytes } from '../../bytes/index.ts'
import { DecodeError, LimitError, type MediaError } from '../../errors/index.ts'
import { setDeadline } from '../../hub/index.ts'
import { ChildWorker } from './child-worker.ts'
import type { KeyframeBytes } from './keyframe-bytes.ts'
import type { ResolvedSnapshotsOptions } from './snapshots.schema.ts'

/** What an ffmpeg that makes a picture needs to know. */
type SnapshotRunOptions = Pick<
  ResolvedSnapshotsOptions,
  | 'ffmpeg'
  | 'width'
  | 'quality'
  | 'maxPixels'
  | 'maxSnapshotBytes'
  | 'snapshotTimeoutMs'
  | 'niceness'
  | 'clock'
>

/**
 * Runs ffmpeg for one picture.
 * @param signal - ends it.
 * @throws DecodeError `ERR_SNAPSHOT_FAILED` when ffmpeg makes no picture of it; LimitError
 *   `ERR_SNAPSHOT_TIMEOUT` or `ERR_SNAPSHOT_BYTES`.
 */
export function jpegOf(
  { format, bytes }: KeyframeBytes,
  options: SnapshotRunOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { ffmpeg, width, quality, maxPixels, maxSnapshotBytes, snapshotTimeoutMs, niceness, clock } = options
  return new Promise((resolve, fail) => {
    const parts: Uint8Array[] = []
    let length = 0
    let problem: MediaError | undefined
    const end = (error: MediaError): void => {
      problem ??= error
      void worker.stop().then(() => finish('stopped'))
    }
    const worker = new ChildWorker({
      restart: 'never',
      niceness,
      clock,
      // It has nothing to bring to an end.
      stopTimeoutMs: 100,
      prepare: () => ({
        command: ffmpeg,
        args: snapshotArguments(format, maxPixels, width, quality),
        input: true,
        output: 'pipe',
        attach: (child) => {
          child.stdout!.on('data', (part: Uint8Array) => {
            length += part.length
            if (length <= maxSnapshotBytes) parts.push(part)
            else end(new LimitError('ERR_SNAPSHOT_BYTES', `a picture of more than ${maxSnapshotBytes} bytes`))
          })
          child.stdin!.end(bytes)
          return () => undefined
        },
      }),
    })
    const timer = setDeadline(
      clock,
      () => end(new LimitError('ERR_SNAPSHOT_TIMEOUT', `no picture within ${snapshotTimeoutMs} ms`)),
      snapshotTimeoutMs,
    )
    const abort = (): void => end(new DecodeError('ERR_SNAPSHOT_FAILED', 'no longer needed'))
    signal.addEventListener('abort', abort, { once: true })
    const finish = (reason: string): void => {
      timer.cancel()
      signal.removeEventListener('abort', abort)
      const { log } = worker.stats()
      const isPicture = length > 0 && problem === undefined
      if (isPicture) resolve(concatBytes(parts))
      else fail(problem ?? new DecodeError('ERR_SNAPSHOT_FAILED', [reason, ...log.slice(-2)].join('; ')))
    }
    worker.once('exit', ({ reason }) => finish(reason))
    worker.start()
  })
}

function snapshotArguments(
  format: string,
  maxPixels: number,
  width: number | undefined,
  quality: number,
): string[] {
  const scaled = width === undefined ? '' : `scale=${width}:-2,setsar=1,`
  return [
    '-hide_banner -nostdin -loglevel error -threads 1',
    `-max_pixels ${maxPixels} -f ${format} -i pipe:0 -map 0:v:0 -frames:v 1`,
    // The full range of JPEG, by the name that old versions have for it.
    `-vf ${scaled}format=yuvj420p -c:v mjpeg -q:v ${quality} -f image2pipe pipe:1`,
  ].flatMap((words) => words.split(' '))
}
