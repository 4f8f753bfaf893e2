/**
 * One caller of a server: a publisher or a player.
 *
 * @module
 */
import createDebug from 'debug'
import { MediaError } from '../../errors/index.ts'
import type { Clock, Playback, Player, PlayerOptions, Publication, Publisher } from '../../hub/index.ts'
import { TS_VIEW } from '../../mpegts/index.ts'
import type { SrtAddress, SrtCloseEvent, SrtSession, SrtStatistics } from '../../srt/index.ts'
import { SrtSink } from './srt-sink.ts'
import { TsIntake } from './ts-intake.ts'

const debug = createDebug('millrace:srt')

/** What a connection needs of its server. */
export interface SrtConnectionHost {
  readonly clock: Clock
  /** The session has output or events. */
  readonly flush: (connection: SrtConnection) => void
  readonly closed: (connection: SrtConnection, end: SrtConnectionEnd) => void
}

/** Why a connection is over. */
export interface SrtConnectionEnd {
  /** Stable reason: see `SrtCloseCode`. */
  readonly code: SrtCloseEvent['code']
  /** The same for a log line. */
  readonly reason: string
}

/** A caller that was let in. */
export class SrtConnection {
  /** Where the caller is. */
  readonly peer: SrtAddress
  /** Names it in callbacks, statistics and logs. */
  readonly clientId: string
  /** `/app/name` of its stream after admission. */
  readonly streamPath: string
  /** The SRT session. */
  readonly session: SrtSession
  readonly #host: SrtConnectionHost
  readonly #entry: Publication | Playback
  readonly #intake: TsIntake | undefined
  #player: Player | undefined
  #sink: SrtSink | undefined
  #isOver: boolean

  /** @internal */
  constructor(
    host: SrtConnectionHost,
    session: SrtSession,
    peer: SrtAddress,
    clientId: string,
    entry: Publication | Playback,
  ) {
    this.peer = peer
    this.clientId = clientId
    this.streamPath = entry.type === 'publication' ? entry.publisher.streamPath : entry.request.streamPath
    this.session = session
    this.#host = host
    this.#entry = entry
    this.#intake = entry.type === 'publication' ? new TsIntake() : undefined
    this.#player = undefined
    this.#sink = undefined
    this.#isOver = false
  }

  /** What it does. */
  get role(): 'publisher' | 'player' {
    return this.#entry.type === 'publication' ? 'publisher' : 'player'
  }

  /** The hub's handle, if it publishes. */
  get publisher(): Publisher | undefined {
    return this.#entry.type === 'publication' ? this.#entry.publisher : undefined
  }

  /** The hub's handle, if it plays. */
  get player(): Player | undefined {
    return this.#player
  }

  /** What the session has counted, under the names of libsrt. */
  statistics(): SrtStatistics {
    return this.session.statistics(this.#host.clock.now())
  }

  /** Ends the connection: what was written before is still sent. */
  close(): void {
    this.session.close()
    this.#host.flush(this)
  }

  /** @internal Begins to play. */
  play(options: Omit<PlayerOptions, 'format' | 'request' | 'userData'>): void {
    if (this.#entry.type !== 'playback') return
    const { clock, flush } = this.#host
    const { source, request, userData } = this.#entry
    const sink = new SrtSink(this.session, () => clock.now(), {
      written: () => flush(this),
      drained: () => this.#player?.drained(),
      ended: () => this.close(),
    })
    this.#sink = sink
    this.#player = source.attach(sink, { ...options, format: TS_VIEW, request, userData })
  }

  /** @internal Events of the session are read. */
  drain(): void {
    for (let event = this.session.readEvent(); event !== undefined; event = this.session.readEvent()) {
      if (event.type === 'data') this.#receive(event.payload)
      else if (event.type === 'close') this.#finish(event)
    }
    this.#sink?.look()
  }

  #receive(payload: Uint8Array): void {
    try {
      this.#intake?.push(payload, (packet) => this.publisher?.write(packet))
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      debug('%s: %s', this.clientId, error.message)
      this.session.abort(error.message)
    }
  }

  #finish({ code, reason }: SrtCloseEvent): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#player?.detach()
    this.#entry.end()
    this.#host.closed(this, { code, reason })
  }
}
