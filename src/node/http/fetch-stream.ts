/**
 * A live stream as the body of a fetch response.
 *
 * @module
 */
import type { Player, PlayerOptions, Sink, Source } from '../../hub/index.ts'
import type { Viewer } from './response-stream.ts'

/** A {@link Viewer} with the body that its bytes come out of. */
export interface FetchStream {
  /** For `new Response(body)`. Cancelling it detaches the viewer. */
  readonly body: ReadableStream<Uint8Array>
  /** The viewer. */
  readonly viewer: Viewer
}

/**
 * Attaches a `ReadableStream` to `source`. Its queue is the player's budget and nothing more: what a slow reader has not read
 * stays in the shared batches.
 * @param signal - the client has gone.
 * @param closed - called once when the stream is over, whoever ended it.
 */
export function openFetchStream(
  source: Source,
  options: PlayerOptions,
  signal: AbortSignal,
  closed: () => void,
): FetchStream {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  let player: Player | undefined
  let over = false
  let awaitingDrain = false
  const finish = (): void => {
    over = true
    signal.removeEventListener('abort', abort)
    player?.detach()
    closed()
  }
  const end = (): void => {
    if (over) return
    finish()
    controller.close()
  }
  const destroy = (reason: unknown): void => {
    if (over) return
    finish()
    controller.error(reason)
  }
  const abort = (): void => destroy(signal.reason)
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given
      },
      // Called when a reader waits for bytes that are not there.
      pull: () => {
        if (!awaitingDrain) return
        awaitingDrain = false
        player?.drained()
      },
      cancel: () => {
        if (!over) finish()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  )
  const sink: Sink = {
    get queuedBytes() {
      return over ? 0 : 0 - (controller.desiredSize ?? 0)
    },
    write: (batch: Uint8Array) => {
      if (!over) controller.enqueue(batch)
    },
    awaitDrain: () => {
      awaitingDrain = true
    },
    end: (reason) => {
      // An error, so that the client does not take it for the end of the stream.
      if (reason === 'failed') destroy(new Error('sending the stream failed'))
      else end()
    },
  }
  signal.addEventListener('abort', abort, { once: true })
  player = source.attach(sink, options)
  return {
    body,
    viewer: { player, close: end, destroy: () => destroy(new Error('the reader has stalled')) },
  }
}
