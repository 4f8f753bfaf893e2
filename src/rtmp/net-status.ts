/**
 * Status objects of NetConnection and NetStream: what `onStatus` and the replies of `connect` carry. RTMP 1.0
 * §7.2.2, ActionScript's NetStatusEvent for the codes.
 *
 * @module
 */
import type { Amf0Object, Amf0Value } from '../amf0/index.ts'
import { RTMP_VIEW_MESSAGE_STREAM_ID } from './rtmp-framing.ts'
import type { CommandMessage, UserControlMessage } from './rtmp-message.ts'

/** The message stream that every connection of this package has: one NetStream. */
export const NET_STREAM_ID: number = RTMP_VIEW_MESSAGE_STREAM_ID

/** How grave a status is. */
export type NetStatusLevel = 'status' | 'warning' | 'error'

/** URL that a client is sent to instead. */
export interface Redirect {
  /** `rtmp://host/app` to connect to, the `ex.redirect` of the reply. */
  readonly tcUrl: string
  /** Full URL with the stream name, the `ex.redirect2` of the reply, which SRS and its edges follow. */
  readonly url?: string
}

/** An info object with its three usual properties first. */
export function netStatus(
  level: NetStatusLevel,
  code: string,
  description: string,
  extra?: Readonly<Record<string, Amf0Value>>,
): Amf0Object {
  return { level, code, description, ...extra }
}

/** `ex` of a redirecting status, as Flash Media Server and SRS spell it. */
export function redirectProperties(redirect: Redirect): Record<string, Amf0Value> {
  const ex: Amf0Object = { code: 302, redirect: redirect.tcUrl }
  if (redirect.url !== undefined) ex['redirect2'] = redirect.url
  return { ex }
}

/** An `onStatus` command. */
export function onStatus(information: Amf0Object, messageStreamId: number = NET_STREAM_ID): CommandMessage {
  return notification('onStatus', messageStreamId, null, information)
}

/** A command that wants no answer: transaction id 0. */
export function notification(
  name: string,
  messageStreamId: number,
  commandObject: Amf0Value,
  ...args: readonly Amf0Value[]
): CommandMessage {
  return { type: 'command', messageStreamId, name, transactionId: 0, commandObject, args }
}

/** `_result` of the call with this transaction id. */
export function result(
  transactionId: number,
  commandObject: Amf0Value,
  ...args: readonly Amf0Value[]
): CommandMessage {
  return { type: 'command', messageStreamId: 0, name: '_result', transactionId, commandObject, args }
}

/** `_error` of the call with this transaction id. */
export function errorResult(transactionId: number, information: Amf0Object): CommandMessage {
  return {
    type: 'command',
    messageStreamId: 0,
    name: '_error',
    transactionId,
    commandObject: null,
    args: [information],
  }
}

/** StreamBegin, StreamEOF or StreamDry of the connection's NetStream. */
export function streamEvent(type: 'streamBegin' | 'streamEof' | 'streamDry'): UserControlMessage {
  return { type: 'userControl', event: { type, messageStreamId: NET_STREAM_ID } }
}
