/**
 * How many streams, players and connections there may be.
 *
 * @module
 */
import { accept, type AccessDecision, type AccessRequest, type Authorize, reject } from '../../hub/index.ts'
import type { RtmpConnectDecider } from '../../node/index.ts'
import { checkOptions, type OptionChecks } from '../../hub/internal.ts'
import { A_COUNT } from './option-checks.ts'
import { addressKey, PeerTally } from './peer-tally.ts'

/**
 * Options of {@link AccessLimits}. A peer counts from its admission to its end. An IPv6 address counts with its /64 network; peers whose
 * address nobody knows are not limited by address.
 */
export interface AccessLimitsOptions {
  /** Most streams that are published at a time. @defaultValue no limit */
  readonly maxStreams?: number
  /** Most players at a time, HLS viewers included. @defaultValue no limit */
  readonly maxPlayers?: number
  /** Most players of one stream, by the path that the rules before have made of what they asked for. @defaultValue no limit */
  readonly maxPlayersPerStream?: number
  /** Most players of one address. @defaultValue no limit */
  readonly maxPlayersPerAddress?: number
  /**
   * Most publishers and players of one address, and RTMP connections that are neither yet where {@link AccessLimits.onConnect} is given
   * to the server. @defaultValue no limit
   */
  readonly maxConnectionsPerAddress?: number
}

const CHECKS: OptionChecks<AccessLimitsOptions> = {
  maxStreams: A_COUNT,
  maxPlayers: A_COUNT,
  maxPlayersPerStream: A_COUNT,
  maxPlayersPerAddress: A_COUNT,
  maxConnectionsPerAddress: A_COUNT,
}

/** Options with their defaults. */
function resolve(options: AccessLimitsOptions): Required<AccessLimitsOptions> {
  checkOptions('AccessLimits', options, CHECKS)
  return {
    maxStreams: options.maxStreams ?? Infinity,
    maxPlayers: options.maxPlayers ?? Infinity,
    maxPlayersPerStream: options.maxPlayersPerStream ?? Infinity,
    maxPlayersPerAddress: options.maxPlayersPerAddress ?? Infinity,
    maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? Infinity,
  }
}

/** What is counted now. */
export interface AccessLimitsStats {
  /** Streams that somebody was let in to publish. */
  readonly streams: number
  /** Players admitted. */
  readonly players: number
  /** Addresses of all of them. */
  readonly addresses: number
}

/**
 * Counts who is let in, and refuses who is too many. Use one for each hub, behind the rules that refuse for other reasons.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { RtmpServer } from 'millrace/node'
 * import { AccessLimits } from 'millrace/services/admission'
 *
 * const limits = new AccessLimits({ maxStreams: 10, maxPlayersPerStream: 500, maxConnectionsPerAddress: 20 })
 * const hub = new Hub({ authorize: limits.rule })
 * const server = new RtmpServer({ hub, onConnect: limits.onConnect })
 * ```
 */
export class AccessLimits {
  /** For `all(…)`, or alone as a hub's `authorize`. Belongs to this object: pass it as it is. */
  readonly rule: Authorize
  /** For `RtmpServer`'s `onConnect`: counts connections that do nothing. Belongs to this object: pass it as it is. */
  readonly onConnect: RtmpConnectDecider
  readonly #streams: PeerTally
  readonly #players: PeerTally
  readonly #addressPlayers: PeerTally
  readonly #addressPeers: PeerTally
  #options: Required<AccessLimitsOptions>
  #playerCount: number
  #nameless: number

  /**
   * @param options - the bounds.
   * @throws TypeError for a bound that is no count.
   */
  constructor(options: AccessLimitsOptions = {}) {
    this.rule = (request) => this.#admit(request)
    this.onConnect = (_request, { clientId, info }) => this.#connect(clientId, info.remoteAddress)
    this.#streams = new PeerTally()
    this.#players = new PeerTally()
    this.#addressPlayers = new PeerTally()
    this.#addressPeers = new PeerTally()
    this.#options = resolve(options)
    this.#playerCount = 0
    this.#nameless = 0
  }

  /** Puts other bounds in the place of all present ones. Nobody is disconnected. @throws TypeError as the constructor does. */
  setOptions(options: AccessLimitsOptions): void {
    this.#options = resolve(options)
  }

  /** What is counted now. */
  stats(): AccessLimitsStats {
    return { streams: this.#streams.size, players: this.#playerCount, addresses: this.#addressPeers.size }
  }

  #admit(request: AccessRequest): AccessDecision {
    const peer = request.clientId ?? `nameless ${++this.#nameless}`
    const address = addressKey(request.remoteAddress)
    const refusal =
      this.#refuseAddress(address, peer) ??
      (request.action === 'publish'
        ? this.#refusePublisher(request)
        : this.#refusePlayer(request, address, peer))
    if (refusal !== undefined) return reject(refusal)
    const isPlayer = request.action === 'play'
    const counted: (readonly [PeerTally, string])[] = [
      [isPlayer ? this.#players : this.#streams, request.streamPath],
    ]
    if (address !== undefined) {
      counted.push([this.#addressPeers, address])
      if (isPlayer) counted.push([this.#addressPlayers, address])
    }
    for (const [tally, key] of counted) tally.add(key, peer)
    if (isPlayer) this.#playerCount++
    let over = false
    const onEnd = (): void => {
      if (over) return
      over = true
      for (const [tally, key] of counted) tally.remove(key, peer)
      if (isPlayer) this.#playerCount--
    }
    return accept({ onEnd })
  }

  #refuseAddress(address: string | undefined, peer: string): string | undefined {
    if (address === undefined) return undefined
    const hasRoom = this.#addressPeers.hasRoom(address, peer, this.#options.maxConnectionsPerAddress)
    return hasRoom ? undefined : 'too many connections from this address'
  }

  #refusePublisher({ streamPath }: AccessRequest): string | undefined {
    // Who publishes a stream that is there already makes no new one: the hub decides between the two.
    const hasRoom = this.#streams.has(streamPath) || this.#streams.size < this.#options.maxStreams
    return hasRoom ? undefined : 'too many streams'
  }

  #refusePlayer(
    { streamPath }: AccessRequest,
    address: string | undefined,
    peer: string,
  ): string | undefined {
    const { maxPlayers, maxPlayersPerStream, maxPlayersPerAddress } = this.#options
    if (this.#playerCount >= maxPlayers) return 'too many players'
    if (!this.#players.hasRoom(streamPath, peer, maxPlayersPerStream))
      return 'too many players of this stream'
    if (address !== undefined && !this.#addressPlayers.hasRoom(address, peer, maxPlayersPerAddress)) {
      return 'too many players from this address'
    }
    return undefined
  }

  #connect(peer: string, remoteAddress: string): ReturnType<RtmpConnectDecider> {
    const address = addressKey(remoteAddress)
    const refusal = this.#refuseAddress(address, peer)
    if (refusal !== undefined) return { type: 'reject', reason: refusal }
    if (address === undefined) return { type: 'accept' }
    this.#addressPeers.add(address, peer)
    return { type: 'accept', onEnd: () => this.#addressPeers.remove(address, peer) }
  }
}
