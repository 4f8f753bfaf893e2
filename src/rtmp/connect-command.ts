/**
 * The `connect` command and the server's answer to it. RTMP 1.0 §7.2.1.1.
 *
 * @module
 */
import { Amf0EcmaArray, propertiesOf, type Amf0Object, type Amf0Value } from '../amf0/index.ts'
import {
  capabilityProperties,
  peerCapabilities,
  type LocalCapabilities,
  type PeerCapabilities,
} from './capabilities.ts'
import {
  errorResult,
  netStatus,
  notification,
  redirectProperties,
  result,
  type Redirect,
} from './net-status.ts'
import type { CommandMessage, RtmpMessage } from './rtmp-message.ts'
import { trimEnds } from './rtmp-url.ts'

/** What a client says of itself when it connects. */
export interface ConnectRequest {
  /** `app`, as it came; `''` when it is missing. */
  readonly app: string
  /** `tcUrl` (or `tcurl`) without the quotes that some encoders put around it; `''` when it is missing. */
  readonly tcUrl: string
  /** `flashVer`, such as `FMLE/3.0 (compatible; FMSc/1.0)`; `''` when it is missing. */
  readonly flashVer: string
  /** `swfUrl`; `''` when it is missing. */
  readonly swfUrl: string
  /** `pageUrl`, the referer; `''` when it is missing. */
  readonly pageUrl: string
  /** `objectEncoding`: 0 AMF0, 3 AMF0 and AMF3. */
  readonly objectEncoding: number
  /** Every property of the connect object, also the ones above. */
  readonly properties: Amf0Object
  /** Arguments after the connect object, mostly none. */
  readonly args: readonly Amf0Value[]
  /** What the client can do beyond RTMP 1.0. */
  readonly capabilities: PeerCapabilities
}

/** Additions to the answer to `connect`. */
export interface ConnectReply {
  /** Properties for the first object of `_result` (`fmsVer`, `capsEx` …), over ours of the same name. */
  readonly properties?: Readonly<Record<string, Amf0Value>>
  /** Properties for the second object of `_result` (`level`, `code` …), over ours of the same name. */
  readonly information?: Readonly<Record<string, Amf0Value>>
}

/** Reads a `connect` command. Nothing in it is required, and no type of a property is taken for granted. */
export function parseConnect(command: CommandMessage): ConnectRequest {
  const properties = propertiesOf(command.commandObject) ?? {}
  const text = (name: string): string => {
    const value = properties[name]
    return typeof value === 'string' ? value : ''
  }
  const objectEncoding = properties['objectEncoding']
  return {
    app: text('app'),
    // Encoders spell it `tcurl` and quote it: 'rtmp://host/app'.
    tcUrl: trimEnds(`'"`, text('tcUrl') || text('tcurl')),
    flashVer: text('flashVer'),
    swfUrl: text('swfUrl'),
    pageUrl: text('pageUrl'),
    objectEncoding: typeof objectEncoding === 'number' ? objectEncoding : 0,
    properties,
    args: command.args,
    capabilities: peerCapabilities(properties),
  }
}

/** Window and chunk size that the server announces with its answer. */
export interface ConnectReplySizes {
  readonly windowAcknowledgementSize: number
  readonly peerBandwidth: number
  readonly chunkSize: number
}

/**
 * The messages that accept a connection, in the order of SRS: window, bandwidth, chunk size, `_result`,
 * `onBWDone`.
 */
export function connectAccepted(
  request: ConnectRequest,
  transactionId: number,
  sizes: ConnectReplySizes,
  capabilities: LocalCapabilities,
  reply: ConnectReply,
): RtmpMessage[] {
  const messages: RtmpMessage[] = []
  if (sizes.windowAcknowledgementSize > 0) {
    messages.push({ type: 'windowAcknowledgementSize', windowBytes: sizes.windowAcknowledgementSize })
  }
  messages.push(
    { type: 'setPeerBandwidth', windowBytes: sizes.peerBandwidth, limitType: LIMIT_DYNAMIC },
    { type: 'setChunkSize', chunkSize: sizes.chunkSize },
    result(
      transactionId,
      {
        fmsVer: FMS_VERSION,
        capabilities: 127,
        mode: 1,
        // Old hardware has never seen these, and only a client that named one of them reads them.
        ...(request.capabilities.enhanced ? capabilityProperties(capabilities) : undefined),
        ...(request.capabilities.fourCcList.length > 0 ? { fourCcList: ['*'] } : undefined),
        ...reply.properties,
      },
      netStatus('status', 'NetConnection.Connect.Success', 'Connection succeeded.', {
        objectEncoding: request.objectEncoding,
        data: new Amf0EcmaArray({ version: FMS_VERSION.slice('FMS/'.length) }),
        ...reply.information,
      }),
    ),
    notification('onBWDone', 0, null),
  )
  return messages
}

/** The answer that turns a client away. */
export function connectRejected(
  transactionId: number,
  reason: string,
  redirect: Redirect | undefined,
): CommandMessage {
  const extra = redirect === undefined ? undefined : redirectProperties(redirect)
  return errorResult(transactionId, netStatus('error', 'NetConnection.Connect.Rejected', reason, extra))
}

// Flash players ask for at least version 3.5.3 before they send H.264 or AAC.
const FMS_VERSION = 'FMS/3,5,3,888'
const LIMIT_DYNAMIC = 2
