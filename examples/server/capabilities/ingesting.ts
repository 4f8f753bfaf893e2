/**
 * Files and remote streams: `ingest`.
 *
 * @module
 */
import type { Hub } from 'millrace/hub'
import { type ListedService } from 'millrace/services/control'
import { Ingester } from 'millrace/services/ffmpeg'
import { restartsOf } from '../config/ffmpeg-fields.ts'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'
import { hasFfmpeg } from './found-ffmpeg.ts'

/** The section, where it is. */
type IngestConfig = NonNullable<VhostConfig['ingest']>

/** Ingest of a virtual host. */
export class Ingesting implements Capability {
  /** @internal */
  readonly services: { readonly ingest: ListedService }
  readonly #context: VhostContext
  readonly #instance: SectionInstance<IngestConfig, Ingester>

  constructor(context: VhostContext) {
    this.#context = context
    this.#instance = new SectionInstance()
    this.services = {
      ingest: {
        description: 'Files and remote streams that are published here',
        list: () => this.#instance.current?.service.list?.() ?? [],
      },
    }
  }

  /** @internal */
  async apply({ ingest }: VhostConfig, hub: Hub): Promise<void> {
    await this.#instance.apply(ingest, (section) => this.#open(section, hub))
  }

  /** @internal */
  async close(): Promise<void> {
    await this.#instance.close()
  }

  async #open(section: IngestConfig, hub: Hub): Promise<Ingester | undefined> {
    const { vhost, log } = this.#context
    const { ffmpeg, inputs, maxRestarts, niceness } = section
    if (inputs.length === 0 || !(await hasFfmpeg(ffmpeg, 'ingest', this.#context))) return undefined
    const ingester = new Ingester({
      hub,
      ffmpeg,
      niceness,
      maxRestarts: restartsOf(maxRestarts),
      ingests: inputs.map(({ stream: streamPath, ...input }) => ({ ...input, streamPath })),
    })
    ingester.on('start', (name, pid) =>
      log.event('ingest', { vhost, name, pid }, `ingest ${name}: started, pid ${pid}`),
    )
    ingester.on('exit', (name, { reason, ranMs }) =>
      log.event('ingest-end', { vhost, name, reason, ranMs }, `ingest ${name}: ${reason}`),
    )
    ingester.on('giveUp', (name, { reason }) =>
      log.event('ingest-failed', { vhost, name, reason }, `ingest ${name} given up: ${reason}`),
    )
    return ingester
  }
}
