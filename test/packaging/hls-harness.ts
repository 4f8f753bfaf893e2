/** HLS in memory: a handler behind a server without a socket, and players that follow playlists. */
import { parsePlaylist, type MediaPlaylist, type MultivariantPlaylist } from 'millrace/hls'
import { HlsHandler, type HlsHandlerOptions } from 'millrace/packaging'
import { expect } from 'vitest'
import { type Fetched, type GetOptions, MemoryServer, settle, type Stage } from '../node/http/http-harness.ts'

/** A server of one hub. */
export class HlsServer extends MemoryServer {
  readonly hls: HlsHandler

  constructor(stage: Stage, options: Partial<HlsHandlerOptions> = {}) {
    super((request, response) => {
      if (!this.hls.handle(request, response)) response.writeHead(418).end('not mine')
    })
    this.hls = new HlsHandler({
      hub: stage.hub,
      clock: stage.clock,
      targetDurationMs: 2_000,
      windowMs: 30_000,
      ...options,
    })
  }

  /** Asks for the multivariant playlist as a new viewer. @returns the path of its media playlist. */
  async enter(path = '/live/show.m3u8', options: GetOptions = {}): Promise<string> {
    const answer = await this.fetch(path, options)
    expect(answer).toMatchObject({ status: 200 })
    return resolvePath(path, multivariant(answer.body).variants[0]!.uri)
  }

  /** The media playlist at `path`. */
  async media(path: string): Promise<MediaPlaylist> {
    const answer = await this.fetch(path)
    expect(answer).toMatchObject({ status: 200 })
    return media(answer.body)
  }

  /** Status of a request. */
  async status(path: string, options: GetOptions = {}): Promise<number> {
    return (await this.fetch(path, options)).status
  }

  /** A request that waits for a segment: everything up to there has happened. */
  async waiting(path = '/live/show.m3u8', options: GetOptions = {}): Promise<{ answer: Promise<Fetched> }> {
    const answer = this.fetch(path, options)
    await settle()
    return { answer }
  }
}

export function multivariant(text: string): MultivariantPlaylist {
  const playlist = parsePlaylist(text)
  if (playlist.type !== 'multivariant') throw new Error(text)
  return playlist
}

export function media(text: string): MediaPlaylist {
  const playlist = parsePlaylist(text)
  if (playlist.type !== 'media') throw new Error(text)
  return playlist
}

/** Path and query of `uri` in the playlist at `path`. */
export function resolvePath(path: string, uri: string): string {
  const url = new URL(uri, `http://example.com${path}`)
  return url.pathname + url.search
}
