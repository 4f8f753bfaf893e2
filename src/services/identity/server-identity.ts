/**
 * Names of this server, its virtual hosts and its streams, the same in callbacks, the HTTP API and metrics.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'

/** Options of {@link ServerIdentity}. */
export interface ServerIdentityOptions {
  /** Name of this server that outlives its process; the ids of virtual hosts and streams follow from it. @defaultValue a new random one, `vid-` and 7 characters */
  readonly serverId?: string
}

/**
 * Who answers. Ids of virtual hosts and streams are digests: the same as long as `serverId` is, and nothing to be kept.
 */
export class ServerIdentity {
  /** Name of the server. */
  readonly serverId: string
  /** Name of this start of the server: 8 random characters. */
  readonly serviceId: string
  /** Process id, in digits. */
  readonly pid: string

  /** @param options - see {@link ServerIdentityOptions}. */
  constructor(options: ServerIdentityOptions = {}) {
    this.serverId = options.serverId ?? `vid-${randomName(7)}`
    this.serviceId = randomName(8)
    this.pid = String(process.pid)
  }

  /** Id of a virtual host, by its name. */
  vhostId(vhost: string): string {
    return this.#digest('vhost', vhost)
  }

  /** Id of the stream at `streamPath` (`/app/name`) of a virtual host. A stream that is published again has it again. */
  streamId(vhost: string, streamPath: string): string {
    return this.#digest('stream', vhost, streamPath)
  }

  #digest(...parts: readonly string[]): string {
    const hash = createHash('sha256')
      .update(JSON.stringify([this.serverId, ...parts]))
      .digest()
    return `vid-${inLetters(hash, 10)}`
  }
}

/** `length` random lower-case letters and digits. */
export function randomName(length: number): string {
  return inLetters(randomBytes(2 * length), length)
}

/** `length` lower-case letters and digits, each from two bytes: even enough (36 into 65,536). */
function inLetters(bytes: Uint8Array, length: number): string {
  let name = ''
  for (let i = 0; i < length; i++) name += ((bytes[2 * i]! * 256 + bytes[2 * i + 1]!) % 36).toString(36)
  return name
}
