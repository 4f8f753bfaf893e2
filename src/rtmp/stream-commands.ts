/**
 * Commands of a NetStream as a server reads them, and its answers. RTMP 1.0 §7.2.2.
 *
 * @module
 */
import { propertiesOf } from '../amf0/index.ts'
import { dataMessage } from './message-codec.ts'
import {
  NET_STREAM_ID,
  netStatus,
  notification,
  onStatus,
  redirectProperties,
  result,
  streamEvent,
  type Redirect,
} from './net-status.ts'
import type { CommandMessage, RtmpMessage } from './rtmp-message.ts'
import type { ServerPlayEvent, ServerPublishEvent } from './server-events.ts'

/**
 * Reads `publish`. `announcedName` stands in for a missing name: FMLE names the stream in `FCPublish` as
 * well.
 */
export function parsePublish(command: CommandMessage, announcedName: string): ServerPublishEvent {
  const [streamName, publishType] = command.args
  const folded = typeof publishType === 'string' ? publishType.toLowerCase() : ''
  return {
    type: 'publish',
    streamName: typeof streamName === 'string' && streamName !== '' ? streamName : announcedName,
    publishType: folded === 'record' || folded === 'append' ? folded : 'live',
    command,
  }
}

/** Reads `play` and `play2`. */
export function parsePlay(command: CommandMessage): ServerPlayEvent {
  const options = command.name.endsWith('play2') ? propertiesOf(command.args[0]) : undefined
  const [streamName, start, duration, reset] =
    options === undefined
      ? command.args
      : [options['streamName'], options['start'], options['len'], options['transition'] !== 'append']
  return {
    type: 'play',
    streamName: typeof streamName === 'string' ? streamName : '',
    start: typeof start === 'number' ? start : -2,
    duration: typeof duration === 'number' ? duration : -1,
    reset: typeof reset === 'boolean' ? reset : typeof reset === 'number' ? reset !== 0 : true,
    command,
  }
}

/**
 * Answers to the commands that change nothing here, or `undefined` for all others. Their transaction ids
 * matter: FMLE, OBS and Flash wait for each.
 */
export function utilityReplies(name: string, transactionId: number): RtmpMessage[] | undefined {
  switch (name) {
    case 'createStream':
      return [result(transactionId, null, NET_STREAM_ID)]
    case 'releaseStream':
    case 'FCPublish':
    case 'FCUnsubscribe':
      return [result(transactionId, null, undefined)]
    case 'FCSubscribe':
      return [
        notification('onFCSubscribe', 0, null, netStatus('status', 'NetStream.Play.Start', 'Subscribed.')),
        result(transactionId, null, undefined),
      ]
    case '_checkbw':
      return [result(transactionId, null, null)]
    case 'getStreamLength':
      return [result(transactionId, null, 0)] // seconds; a live stream has none
    default:
      return undefined
  }
}

/** Publishing was accepted. */
export function publishStarted(announced: boolean, description: string): RtmpMessage[] {
  const messages: RtmpMessage[] = []
  if (announced) {
    messages.push(
      notification('onFCPublish', NET_STREAM_ID, null, { code: 'NetStream.Publish.Start', description }),
    )
  }
  messages.push(onStatus(netStatus('status', 'NetStream.Publish.Start', description, CLIENT_ID)))
  return messages
}

/** `FCUnpublish` was carried out. */
export function fcUnpublished(transactionId: number): RtmpMessage[] {
  return [
    notification('onFCUnpublish', NET_STREAM_ID, null, {
      code: 'NetStream.Unpublish.Success',
      description: 'Stopped publishing.',
    }),
    result(transactionId, null, undefined),
  ]
}

/** Publishing ended as the client wanted. */
export function unpublished(): RtmpMessage {
  return onStatus(netStatus('status', 'NetStream.Unpublish.Success', 'Stream is now unpublished.', CLIENT_ID))
}

/** Playing was accepted: what comes before the first media, in the order of SRS. */
export function playStarted(streamName: string): RtmpMessage[] {
  const details = { details: streamName, ...CLIENT_ID }
  return [
    streamEvent('streamBegin'),
    onStatus(netStatus('status', 'NetStream.Play.Reset', 'Playing and resetting stream.', details)),
    onStatus(netStatus('status', 'NetStream.Play.Start', 'Started playing stream.', details)),
    dataMessage(NET_STREAM_ID, 0, ['|RtmpSampleAccess', true, true]),
  ]
}

/** The stream has ended. */
export function playEnded(streamName: string, reason: string): RtmpMessage[] {
  return [
    onStatus(
      netStatus('status', 'NetStream.Play.UnpublishNotify', reason, { details: streamName, ...CLIENT_ID }),
    ),
    streamEvent('streamEof'),
  ]
}

/** `pause` was carried out, RTMP 1.0 §7.2.2.8. */
export function pauseReplies(paused: boolean): RtmpMessage[] {
  return paused
    ? [
        onStatus(netStatus('status', 'NetStream.Pause.Notify', 'Paused stream.', CLIENT_ID)),
        streamEvent('streamEof'),
      ]
    : [
        onStatus(netStatus('status', 'NetStream.Unpause.Notify', 'Unpaused stream.', CLIENT_ID)),
        streamEvent('streamBegin'),
      ]
}

/** `seek` was noted. */
export function seekReply(positionMs: number): RtmpMessage {
  return onStatus(netStatus('status', 'NetStream.Seek.Notify', `Seeking ${positionMs} ms.`, CLIENT_ID))
}

/** A publish or play was turned down; with `redirect`, in the form that SRS made known for it. */
export function streamRejected(code: string, reason: string, redirect: Redirect | undefined): RtmpMessage[] {
  if (redirect === undefined) return [onStatus(netStatus('error', code, reason, CLIENT_ID))]
  return [
    onStatus(netStatus('error', 'NetConnection.Connect.Rejected', reason, redirectProperties(redirect)), 0),
  ]
}

// Flash players read `clientid`; any constant will do.
const CLIENT_ID = { clientid: 'millrace' }
