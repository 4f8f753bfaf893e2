/**
 * A live stream as the body of a fetch response.
 *
 * @module
 */
import type { PlayerOptions, Sink, Source } from '../hub/index.ts'

/** Bytes that the runtime may hold for the client before the sink counts as full at all. */
const HIGH_WATER_MARK_BYTES = 64 * 1024

/** The body, and how to end it. */
export interface FetchStream {
  /** For `new Response(body)`. Cancelling it detaches the viewer. */
  readonly body: ReadableStream<Uint8Array>
  /** Ends the stream from the server's side. */
  close(): void
}

/**
 * Attaches a `ReadableStream` to `source`.
 * @param closed - called once when the stream is over, whoever ended it.
 */
export function openFetchStream(source: Source, options: PlayerOptions, closed: () => void): FetchStream {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  let over = false
  let awaitingDrain = false
  const finish = (): void => {
    if (over) return
    over = true
    player.detach()
    closed()
  }
  const end = (): void => {
    if (over) return
    finish()
    controller.close()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given
      },
      pull: () => {
        if (!awaitingDrain || over) return
        awaitingDrain = false
        player.drained()
      },
      cancel: finish,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_MARK_BYTES }),
  )
  const sink: Sink = {
    get queuedBytes() {
      return HIGH_WATER_MARK_BYTES - (controller.desiredSize ?? 0)
    },
    write: (batch: Uint8Array) => {
      if (!over) controller.enqueue(batch)
    },
    awaitDrain: () => {
      awaitingDrain = true
    },
    end,
  }
  const player = source.attach(sink, options)
  return { body, close: end }
}
