/**
 * Streams that come from other servers: `pull`.
 *
 * @module
 */
import type { Hub } from 'millrace/hub'
import { type ListedService } from 'millrace/services/control'
import { StreamPull } from 'millrace/services/relay'
import type { VhostConfig } from '../config/vhost-sections.ts'
import type { Capability, VhostContext } from './capability.ts'

/** One entry of the section. */
type PullConfig = NonNullable<VhostConfig['pull']>[number]

/** Pulling into a virtual host. */
export class Pulling implements Capability {
  /** @internal */
  readonly services: { readonly pull: ListedService }
  readonly #context: VhostContext
  /** By what the file says of them. */
  #pulls: Map<string, StreamPull>

  constructor(context: VhostContext) {
    this.services = {
      pull: {
        description: 'Streams that are pulled from other servers',
        list: () => Array.from(this.#pulls.values(), (pull) => ({ ...pull.stats() })),
      },
    }
    this.#context = context
    this.#pulls = new Map()
  }

  /** @internal */
  async apply({ pull = [] }: VhostConfig, hub: Hub): Promise<void> {
    const wanted = new Map(pull.map((entry) => [JSON.stringify(entry), entry]))
    // The old ones go first: a new one may be for the same stream.
    const past = Array.from(this.#pulls).filter(([key]) => !wanted.has(key))
    for (const [key] of past) this.#pulls.delete(key)
    await Promise.all(past.map(([, each]) => each.close()))
    this.#pulls = new Map(
      Array.from(wanted, ([key, entry]) => [key, this.#pulls.get(key) ?? this.#open(entry, hub)]),
    )
  }

  /** @internal */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#pulls.values(), (pull) => pull.close()))
    this.#pulls.clear()
  }

  #open(entry: PullConfig, hub: Hub): StreamPull {
    const { vhost, log } = this.#context
    const { url, stream, connectTimeoutMs, mediaTimeoutMs, retryMinMs, retryMaxMs } = entry
    const pull = new StreamPull({
      url,
      hub,
      streamPath: stream,
      rtmp: { connectTimeoutMs, session: { firstMediaTimeoutMs: mediaTimeoutMs, mediaTimeoutMs } },
      http: { connectTimeoutMs, mediaTimeoutMs },
      retry: { minMs: retryMinMs, maxMs: Math.max(retryMinMs, retryMaxMs) },
    })
    pull.on('connect', () =>
      log.event('pull', { vhost, stream, from: pull.url }, `pull ${stream} from ${pull.url}`),
    )
    pull.on('lost', ({ code, message }, retryMs) =>
      log.event(
        'pull-lost',
        { vhost, stream, from: pull.url, code, error: message, retryMs },
        `pull ${stream} from ${pull.url}: ${message}, retrying in ${(retryMs / 1_000).toFixed(1)} s`,
      ),
    )
    return pull
  }
}
