/**
 * Publishes the bundled clip in a loop, as an encoder would.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { inRealTime, type RtmpClient } from 'millrace/node'
import { readClip } from '../clip.ts'

/** Pause before another try when the connection is lost, ms. */
const RETRY_MS = 1_000

/** A demo that runs. */
export interface Demo {
  /** Ends it; resolves when its connection is closed. */
  close(): Promise<void>
}

/**
 * Starts to publish, for ever.
 * @param connect - makes a connection that publishes.
 */
export function startDemo(connect: (signal: AbortSignal) => Promise<RtmpClient>): Demo {
  const stop = new AbortController()
  const { signal } = stop
  const packets = readClip()
  const finished = (async () => {
    while (!signal.aborted) {
      try {
        const client = await connect(signal)
        await client.send(inRealTime(packets, { loop: true, signal }))
        await client.close()
      } catch (error) {
        if (signal.aborted) return
        console.error(`demo: ${(error as Error).message}`)
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  })()
  return {
    async close() {
      stop.abort()
      await finished
    },
  }
}
