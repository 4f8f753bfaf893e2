/**
 * Pictures of streams: `snapshots`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Hub } from 'millrace/hub'
import { type StreamService } from 'millrace/services/control'
import { SnapshotHandler, Snapshots } from 'millrace/services/ffmpeg'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { withoutUndefined } from '../config/without-undefined.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'
import { currentService } from './current-service.ts'
import { hasFfmpeg } from './found-ffmpeg.ts'

/** The section, where it is. */
type SnapshotsConfig = NonNullable<VhostConfig['snapshots']>

/** Pictures of the streams of a virtual host. */
export class Pictures implements Capability {
  /** @internal */
  readonly services: { readonly snapshot: StreamService }
  readonly #context: VhostContext
  readonly #instance: SectionInstance<SnapshotsConfig, Snapshots>
  #handler: SnapshotHandler | undefined

  constructor(context: VhostContext) {
    this.#context = context
    this.#instance = new SectionInstance()
    this.services = {
      snapshot: currentService(
        'Takes pictures of the stream at an interval',
        'snapshots are off: no section, or no ffmpeg',
        () => this.#instance.current?.service,
      ),
    }
    this.#handler = undefined
  }

  /** Whether there are pictures of a stream, for the page. */
  has(streamPath: string): boolean {
    return this.#instance.current?.covers(streamPath) === true
  }

  /** @internal */
  async apply({ snapshots }: VhostConfig, hub: Hub): Promise<void> {
    if (!(await this.#instance.apply(snapshots, (section) => this.#open(section, hub)))) return
    const { cors, trustProxy } = this.#context
    const current = this.#instance.current
    this.#handler?.close()
    this.#handler = current && new SnapshotHandler({ hub, snapshots: current, cors, trustProxy })
  }

  /** @internal */
  async close(): Promise<void> {
    this.#handler?.close()
    await this.#instance.close()
  }

  /** @internal */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#handler?.handle(request, response) === true
  }

  async #open(section: SnapshotsConfig, hub: Hub): Promise<Snapshots | undefined> {
    const { vhost, log } = this.#context
    if (!(await hasFfmpeg(section.ffmpeg, 'snapshots', this.#context))) return undefined
    const snapshots = new Snapshots({ hub, ...withoutUndefined(section) })
    snapshots.on('failure', ({ message }, stream) =>
      log.event('snapshot-failed', { vhost, stream, error: message }, `no picture of ${stream}: ${message}`),
    )
    return snapshots
  }
}
