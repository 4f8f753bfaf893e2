/**
 * One play of a connection: the hub's player, the tracks that it gets, and what it hears of the publisher.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import type { Playback, Player, PlayerDefaults, PlayerEnd, StreamPath } from '../../hub/index.ts'
import type { TrackFilter } from '../../media/index.ts'
import { RTMP_VIEW, type RtmpServerSession } from '../../rtmp/index.ts'
import { DuplexSink } from '../net/index.ts'
import type { RtmpOutput } from './rtmp-output.ts'
import type { SourceFollower, SourceFollowers } from './source-followers.ts'

/** What a playback needs. */
export interface RtmpPlaybackOptions {
  /** What the peer was let in to. Ended with this. */
  readonly playback: Playback
  readonly stream: Duplex
  readonly session: RtmpServerSession
  readonly output: RtmpOutput
  readonly followers: SourceFollowers
  readonly player: PlayerDefaults
  /** The source is over, or this player was sent away. */
  readonly onEnd: (reason: PlayerEnd) => void
  /** The session has something to say. */
  readonly onOutput: () => void
}

/** Plays one source to one connection. */
export class RtmpPlayback implements SourceFollower {
  /** What the connection does. */
  readonly role = 'player'
  /** The hub's handle. */
  readonly player: Player
  readonly #playback: Playback
  readonly #session: RtmpServerSession
  readonly #followers: SourceFollowers
  readonly #onOutput: () => void

  constructor(options: RtmpPlaybackOptions) {
    const { playback, session, output, followers } = options
    const { source, request, userData } = playback
    const sink = new DuplexSink(options.stream, {
      drained: () => this.player.drained(),
      ended: options.onEnd,
    })
    this.#playback = playback
    this.#session = session
    this.#followers = followers
    this.#onOutput = options.onOutput
    output.follow(sink)
    const tracks = this.#tracks()
    this.player = source.attach(sink, {
      ...options.player,
      format: RTMP_VIEW,
      tracks: tracks ?? this.#allTracks(),
      request,
      userData,
    })
    if (tracks === undefined) this.player.pause()
    followers.add(source, this)
  }

  /** The stream that it plays. */
  get streamPath(): StreamPath {
    return this.#playback.source.streamPath
  }

  /** Nothing more is played. Harmless when repeated. */
  end(): void {
    this.#followers.delete(this.#playback.source, this)
    this.player.detach()
    this.#playback.end()
  }

  /** The client pauses or goes on. */
  pause(paused: boolean): void {
    if (paused) this.player.pause()
    else if (this.#tracks() !== undefined) this.player.resume()
  }

  /** The client wants other tracks than before. */
  changeTracks(): void {
    const tracks = this.#tracks()
    if (tracks === undefined) {
      this.player.pause()
      return
    }
    this.player.setTracks(tracks)
    this.player.resume()
  }

  /** {@inheritDoc SourceFollower.publisherGone} */
  publisherGone(): void {
    this.#session.notifyPublisherGone()
    this.#onOutput()
  }

  /** {@inheritDoc SourceFollower.publisherBack} */
  publisherBack(): void {
    this.#session.notifyPublisherBack()
    this.#onOutput()
  }

  /** Peers that declared multitrack get every track, others the default track of each kind. */
  #allTracks(): TrackFilter {
    return this.#session.peer.multitrack ? 'all' : 'default'
  }

  /** What `receiveAudio` and `receiveVideo` leave; `undefined` when both are off. */
  #tracks(): TrackFilter | undefined {
    const { receiveAudio, receiveVideo } = this.#session
    if (receiveAudio && receiveVideo) return this.#allTracks()
    if (receiveAudio) return 'audio'
    return receiveVideo ? 'video' : undefined
  }
}
