/**
 * One publish of a connection: the hub's publisher, and what it does not take.
 *
 * @module
 */
import { MediaError } from '../../errors/index.ts'
import type { Publication, Publisher, StreamPath } from '../../hub/index.ts'
import type { MediaPacket } from '../../media/index.ts'

/** Publishes one stream from one connection. */
export class RtmpPublication {
  /** What the connection does. */
  readonly role = 'publisher'
  /** The hub's handle. */
  readonly publisher: Publisher
  readonly #publication: Publication

  /** @param publication - what the peer was let in to. Ended with this. */
  constructor(publication: Publication) {
    this.publisher = publication.publisher
    this.#publication = publication
  }

  /** The stream that it publishes. */
  get streamPath(): StreamPath {
    return this.publisher.streamPath
  }

  /** Hands on one packet. @returns the error that ends the connection. */
  write(packet: MediaPacket): MediaError | undefined {
    try {
      this.publisher.write(packet)
      return undefined
    } catch (error) {
      if (error instanceof MediaError) return error
      throw error
    }
  }

  /** Nothing more is published. Harmless when repeated. */
  end(): void {
    this.#publication.end()
  }
}
