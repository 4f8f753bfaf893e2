// Compiled, never run: by `npm run types` against the sources, by `npm run package:check` against the built declarations.
import {
  accept,
  type AccessRequest,
  Hub,
  type HubOptions,
  type MediaPacket,
  redirect,
  reject,
  type Sink,
} from 'millrace'
import type { ConfigurationSet, Framing, ViewFormat } from 'millrace/media'
import { expectTypeOf } from 'vitest'

// A decision may be a value or a promise, a boolean or one of the three answers.
new Hub({ authorize: () => true })
new Hub({ authorize: () => reject('no') })
new Hub({
  authorize: async ({ streamName }) =>
    Promise.resolve(streamName === 'x' && accept({ streamPath: '/live/y' })),
})
new Hub({ authorize: ({ action }) => (action === 'play' ? redirect('rtmp://example.com/live/x') : false) })
expectTypeOf<AccessRequest['action']>().toEqualTypeOf<'publish' | 'play'>()
expectTypeOf<{ graceMs: 0 }>().toExtend<HubOptions>()
expectTypeOf<{ graceMs: '0' }>().not.toExtend<HubOptions>()

// A sink and a wire format of the user's own.
class Counter implements Sink {
  readonly queuedBytes = 0
  bytes = 0
  write(batch: Uint8Array): void {
    this.bytes += batch.length
  }
  end(): void {}
}
class Lines implements Framing {
  join(_configuration: ConfigurationSet, _dts: number): Uint8Array {
    return new Uint8Array()
  }
  frame(packets: readonly MediaPacket[]): Uint8Array {
    return new Uint8Array(packets.length)
  }
}
const LINES: ViewFormat = { name: 'lines', create: () => new Lines() }
new Hub().source('/live/show')?.attach(new Counter(), { format: LINES })

const consumer = new Hub().source('/live/show')!.consume()
expectTypeOf(consumer).toExtend<AsyncIterable<MediaPacket>>()
expectTypeOf(consumer.read()).toEqualTypeOf<MediaPacket | undefined>()
expectTypeOf<MediaPacket['kind']>().toEqualTypeOf<'audio' | 'video' | 'data'>()
