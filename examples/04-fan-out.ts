// One source and three readers, of which one is slow: it skips to a keyframe, the others see nothing of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { FLV_VIEW } from 'millrace/flv'
import { Hub, type Sink } from 'millrace/hub'
import { inRealTime } from 'millrace/node'
import { readClip } from './clip.ts'

const hub = new Hub({ maxLagMs: 500 })
const publisher = hub.publish('/live/show')
const { source } = publisher

// #region attach
/** Takes everything at once. */
class FastSink implements Sink {
  readonly queuedBytes = 0
  bytes = 0
  write(batch: Uint8Array): void {
    this.bytes += batch.length
  }
  end(): void {
    console.log(`fast sink: ${this.bytes} bytes`)
  }
}
const fast = source.attach(new FastSink(), { format: FLV_VIEW })
// #endregion attach

// #region slow
/** Takes 40 kB/s, less than the stream has. */
class SlowSink implements Sink {
  queuedBytes = 0
  write(batch: Uint8Array): void {
    this.queuedBytes += batch.length
  }
  end(): void {
    clearInterval(timer)
  }
}
const slowSink = new SlowSink()
const slow = source.attach(slowSink, { format: FLV_VIEW, sinkBudgetBytes: 32_768 })
const timer = setInterval(() => {
  slowSink.queuedBytes = Math.max(0, slowSink.queuedBytes - 4_000)
  slow.drained()
}, 100)
// #endregion slow

// #region consume
async function countKeyframes(): Promise<void> {
  let keyframes = 0
  for await (const packet of source.consume()) if (packet.keyframe) keyframes++
  console.log(`consumer: ${keyframes} keyframes`)
}
const counted = countKeyframes()
// #endregion consume

for await (const packet of inRealTime(readClip())) publisher.write(packet)
await sleep(100)
console.log('fast player:', fast.stats())
console.log('slow player:', slow.stats())
source.close()
await counted
