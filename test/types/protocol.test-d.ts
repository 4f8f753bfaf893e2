// Compiled, never run: by `npm run types` against the sources, by `npm run package:check` against the built declarations.
import { type Amf0Value, decodeAmf0 } from 'millrace/amf0'
import { ChunkDecoder, type ChunkMessage } from 'millrace/chunk'
import {
  decodeRtmpMessage,
  type RtmpMessage,
  type RtmpServerEvent,
  type RtmpServerSession,
} from 'millrace/rtmp'
import { expectTypeOf } from 'vitest'

expectTypeOf(decodeAmf0(new Uint8Array())).toEqualTypeOf<Amf0Value[]>()
expectTypeOf(new ChunkDecoder().read()).toEqualTypeOf<ChunkMessage | undefined>()
expectTypeOf(decodeRtmpMessage).returns.toEqualTypeOf<RtmpMessage>()
expectTypeOf<RtmpServerSession['readEvent']>().returns.toEqualTypeOf<RtmpServerEvent | undefined>()

/** The union is closed by `type`: a switch over all of them needs no default. */
export function describeMessage(message: RtmpMessage): string {
  switch (message.type) {
    case 'setChunkSize':
      return `chunks of ${message.chunkSize} bytes`
    case 'command':
      return `${message.name} ${message.transactionId}`
    case 'audio':
    case 'video':
      return `${message.body.length} bytes`
    case 'abort':
    case 'acknowledgement':
    case 'userControl':
    case 'windowAcknowledgementSize':
    case 'setPeerBandwidth':
    case 'data':
    case 'aggregate':
    case 'sharedObject':
    case 'unknown':
      return message.type
  }
}
