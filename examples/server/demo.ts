/**
 * Publishes the bundled clip in a loop, as an encoder would.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { inRealTime, RtmpClient } from 'millrace/node'
import { readClip } from '../clip.ts'

/** Pause before another try when the connection is lost, ms. */
const RETRY_MS = 1_000

/** A demo that runs. */
export interface Demo {
  /** Ends it; resolves when its connection is closed. */
  close(): Promise<void>
}

/** Starts to publish to `url`, for ever. */
export function startDemo(url: string): Demo {
  const stop = new AbortController()
  const { signal } = stop
  const packets = readClip()
  const finished = (async () => {
    while (!signal.aborted) {
      try {
        const client = await RtmpClient.publish(url, { signal })
        await client.send(inRealTime(packets, { loop: true, signal }))
        await client.close()
      } catch (error) {
        if (signal.aborted) return
        console.error(`demo: ${(error as Error).message}`)
        await sleep(RETRY_MS)
      }
    }
  })()
  return {
    async close() {
      stop.abort()
      await finished
    },
  }
}
