/**
 * One clear line per connection, stream and reason of closing.
 *
 * @module
 */
import type { AccessRequest, Hub } from 'millrace/hub'
import type { RtmpServer } from 'millrace/node'

/** Writes lines to a sink, the console by default. */
export class EventLog {
  readonly #write: (line: string) => void

  /** @param write - takes one line without its end. */
  constructor(write: (line: string) => void = (line) => console.log(line)) {
    this.#write = write
  }

  /** A line of the caller's. */
  line(text: string): void {
    this.#write(`${new Date().toISOString()} ${text}`)
  }

  /** Streams that come and go in the virtual host `vhost`, `''` for that of everybody. */
  watchHub(hub: Hub, vhost = ''): void {
    hub.on('publish', (source) => this.line(`publish ${vhost}${source.streamPath}`))
    hub.on('unpublish', (source, reason) => this.line(`unpublish ${vhost}${source.streamPath}: ${reason}`))
    hub.on('close', (source) => this.line(`gone ${vhost}${source.streamPath}`))
    hub.on('accept', (request) => this.line(`${aim(request, vhost)}: allowed`))
    hub.on('refuse', (request, decision) =>
      this.line(
        `${aim(request, vhost)}: ${decision.type === 'reject' ? `refused, ${decision.reason}` : `sent to ${decision.url}`}`,
      ),
    )
    hub.on('leave', (request) => this.line(`${aim(request, vhost)}: over`))
    hub.on('authorizeError', (error, request) =>
      this.line(
        `admission failed for ${request.action} in ${request.app} from ${request.remoteAddress}: ${String(error)}`,
      ),
    )
  }

  /** RTMP connections. */
  watchRtmp(server: RtmpServer): void {
    server.on('connection', ({ id, info }) => this.line(`rtmp #${id} from ${info.remoteAddress}`))
    server.on('sessionEvent', (event, { id }) => {
      if (event.type === 'connect') {
        this.line(
          `rtmp #${id} connects to ${event.request.app} with ${event.request.flashVer || 'no flashVer'}`,
        )
      }
    })
    server.on('close', (connection, { code, reason }) => {
      const { receivedBytes, sentBytes } = connection.stats()
      const why = code === 'closed' ? reason : `${code}: ${reason}`
      this.line(`rtmp #${connection.id} closed, ${why} (${receivedBytes} bytes in, ${sentBytes} out)`)
    })
  }
}

/** What a peer wants. A publisher's stream name is left out: it may be its secret key. */
function aim({ action, app, streamPath, protocol, remoteAddress }: AccessRequest, vhost: string): string {
  const stream = action === 'play' ? streamPath : `/${app}/…`
  return `${action} ${vhost}${stream} by ${protocol} from ${remoteAddress}`
}
