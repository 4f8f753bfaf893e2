/**
 * One clear line per connection, stream and reason of closing.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { type AccessRequest, type Hub, shownApp, type StreamPath } from 'millrace/hub'
import type { RtmpServer } from 'millrace/node'
import { resolveStreamTarget } from 'millrace/rtmp'

/** What a line tells, for programs. */
export type EventFields = Readonly<Record<string, string | number>>

/**
 * Control characters, line ends and changes of direction. Peers choose names, and a line may be shown by a terminal: none of them forges
 * a line or drives it.
 */
const UNSEEN = /[\p{Cc}\u2028-\u202E\u2066-\u2069]/gu

/** Longest text of a field, characters: peers choose names and agents, and one publish makes several lines. */
const MAX_FIELD_LENGTH = 600

/** Longest line for people, characters. */
const MAX_TEXT_LENGTH = 2_000

/** The start of a text that is too long. */
function shortened(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}

function shortField([name, value]: [string, string | number]): [string, string | number] {
  return [name, typeof value === 'string' ? shortened(value, MAX_FIELD_LENGTH) : value]
}

/** As in JSON, where it means the same. */
function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Writes lines to a sink, the console by default. */
export class EventLog {
  readonly #write: (line: string) => void
  readonly #format: 'text' | 'json'

  /**
   * @param write - takes one line without its end.
   * @param format - lines for people, or one JSON object each.
   */
  constructor(write: (line: string) => void = (line) => console.log(line), format: 'text' | 'json' = 'text') {
    this.#write = write
    this.#format = format
  }

  /** A line of the caller's. */
  line(text: string): void {
    this.#put('message', { text }, text)
  }

  /** An event: `fields` for programs, `text` for people. What peers made long in them is cut. */
  event(event: string, fields: EventFields, text: string): void {
    const short = Object.fromEntries(Object.entries(fields).map(shortField))
    this.#put(event, short, shortened(text, MAX_TEXT_LENGTH))
  }

  #put(event: string, fields: EventFields, text: string): void {
    const time = new Date().toISOString()
    const line = this.#format === 'json' ? JSON.stringify({ time, event, ...fields }) : `${time} ${text}`
    this.#write(line.replaceAll(UNSEEN, escape))
  }

  /** Streams that come and go in the virtual host `vhost`, `''` for that of everybody. */
  watchHub(hub: Hub, vhost = ''): void {
    hub.on('publish', ({ streamPath: stream }, { request }) =>
      this.event('publish', { vhost, stream, ...clientOf(request) }, `publish ${vhost}${stream}`),
    )
    hub.on('unpublish', ({ streamPath: stream }, reason, { request }) =>
      this.event(
        'unpublish',
        { vhost, stream, reason, ...clientOf(request) },
        `unpublish ${vhost}${stream}: ${reason}`,
      ),
    )
    hub.on('close', ({ streamPath: stream }) =>
      this.event('gone', { vhost, stream }, `gone ${vhost}${stream}`),
    )
    hub.on('accept', (request) =>
      this.event('accept', fieldsOf(request, vhost), `${aim(request, vhost)}: allowed`),
    )
    hub.on('refuse', (asked, decision) => {
      const request = { ...asked, streamPath: unadmitted(asked) }
      const fields = fieldsOf(request, vhost)
      const to = aim(request, vhost)
      if (decision.type === 'reject') {
        const { reason } = decision
        this.event('refuse', { ...fields, reason }, `${to}: refused, ${reason}`)
      } else this.event('redirect', { ...fields, url: decision.url }, `${to}: sent to ${decision.url}`)
    })
    hub.on('fail', (request, reason) =>
      this.event(
        'fail',
        { ...fieldsOf(request, vhost), reason },
        `${aim(request, vhost)}: failed, ${reason}`,
      ),
    )
    hub.on('leave', (request) =>
      this.event('leave', fieldsOf(request, vhost), `${aim(request, vhost)}: ended`),
    )
    hub.on('videoStalled', ({ streamPath: stream }) =>
      this.event(
        'video-stalled',
        { vhost, stream },
        `no picture in ${vhost}${stream} for 3 s: players get only audio until a keyframe arrives`,
      ),
    )
    hub.on('fanOutError', (error, { streamPath: stream }) =>
      this.event(
        'sending-failed',
        { vhost, stream, error: String(error) },
        `sending ${vhost}${stream} failed: ${String(error)}`,
      ),
    )
    hub.on('listenerError', (error, event) => this.#listenerFailed(error, event))
    hub.on('authorizeError', (error, { action, app: named, remoteAddress: address, clientId }) => {
      const app = shownApp(named)
      this.event(
        'admission-failed',
        { vhost, action, app, address, error: String(error), ...clientOf({ clientId }) },
        `admission failed for ${action} in ${app} from ${address}: ${String(error)}`,
      )
    })
  }

  /** An HTTP request that a handler threw at. */
  requestFailed(error: unknown, { method = '', url = '' }: IncomingMessage): void {
    const path = url.split('?', 1)[0]!
    this.event(
      'request-failed',
      { method, path, error: String(error) },
      `${method} ${path} failed: ${String(error)}`,
    )
  }

  /** RTMP connections. */
  watchRtmp(server: RtmpServer): void {
    server.on('connection', ({ id, clientId: client, info: { remoteAddress: address } }) =>
      this.event('connection', { id, client, address }, `rtmp #${id} from ${address}`),
    )
    server.on('listenerError', (error, event) => this.#listenerFailed(error, event))
    server.on('sessionEvent', (event, { id, clientId: client }) => {
      if (event.type === 'connect') {
        const { tcUrl, flashVer, ...said } = event.request
        const app = shownApp(resolveStreamTarget({ tcUrl, app: said.app }).app)
        this.event(
          'connect',
          { id, client, app, agent: flashVer },
          `rtmp #${id} connects to ${app} with ${flashVer || 'no flashVer'}`,
        )
      }
    })
    server.on('refuse', ({ action, connection, remoteAddress: address, reason }) => {
      const who = connection === undefined ? address : `#${connection.id} from ${address}`
      this.event(
        'refuse',
        { action, address, reason, ...clientOf(connection), protocol: 'rtmp' },
        `rtmp ${who}: ${action} refused, ${reason}`,
      )
    })
    server.on('close', (connection, { code, reason }) => {
      const { id, clientId: client } = connection
      const { receivedBytes, sentBytes } = connection.stats()
      const why = code === 'closed' ? reason : `${code}: ${reason}`
      this.event(
        'close',
        { id, client, code, reason, receivedBytes, sentBytes },
        `rtmp #${id} closed, ${why} (${receivedBytes} bytes in, ${sentBytes} out)`,
      )
    })
  }

  /** A defect of this program; the streams go on. */
  #listenerFailed(error: unknown, event: string): void {
    this.event(
      'listener-failed',
      { of: event, error: String(error) },
      `a listener of ${event} failed: ${String(error)}`,
    )
  }
}

/** What a peer wants. */
function aim({ action, streamPath, protocol, remoteAddress }: AccessRequest, vhost: string): string {
  return `${action} ${vhost}${streamPath} by ${protocol} from ${remoteAddress}`
}

/** The stream of a peer that was not let in. A publisher's name is left out: it may be its secret key. */
function unadmitted({ action, app, streamPath }: AccessRequest): StreamPath {
  return action === 'play' ? streamPath : `/${shownApp(app)}/…`
}

/** The same for programs. */
function fieldsOf(request: AccessRequest, vhost: string): EventFields {
  const { action, streamPath: stream, protocol, remoteAddress: address } = request
  return { vhost, action, stream, protocol, address, ...clientOf(request) }
}

/** Who it was, if its door tells. */
function clientOf(request: { readonly clientId?: string | undefined } | undefined): EventFields {
  return request?.clientId === undefined ? {} : { client: request.clientId }
}
