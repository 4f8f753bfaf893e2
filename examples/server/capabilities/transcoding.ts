/**
 * Other sizes, bitrates and codecs of streams: `transcode`.
 *
 * @module
 */
import type { Hub } from 'millrace/hub'
import { type StreamService } from 'millrace/services/control'
import { Transcoder } from 'millrace/services/ffmpeg'
import { restartsOf } from '../config/ffmpeg-fields.ts'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'
import { currentService } from './current-service.ts'
import { hasFfmpeg } from './found-ffmpeg.ts'

/** The section, where it is. */
type TranscodeConfig = NonNullable<VhostConfig['transcode']>

/** Transcoding of a virtual host. */
export class Transcoding implements Capability {
  /** @internal */
  readonly services: { readonly transcode: StreamService }
  readonly #context: VhostContext
  readonly #instance: SectionInstance<TranscodeConfig, Transcoder>

  constructor(context: VhostContext) {
    this.#context = context
    this.#instance = new SectionInstance()
    this.services = {
      transcode: currentService(
        'Makes streams of other sizes and bitrates with ffmpeg',
        'transcoding is off: no section, or no ffmpeg',
        () => this.#instance.current?.service,
      ),
    }
  }

  /** @internal */
  async apply({ transcode }: VhostConfig, hub: Hub): Promise<void> {
    await this.#instance.apply(transcode, (section) => this.#open(section, hub))
  }

  /** @internal */
  async close(): Promise<void> {
    await this.#instance.close()
  }

  async #open({ maxRestarts, ...section }: TranscodeConfig, hub: Hub): Promise<Transcoder | undefined> {
    const { vhost, log } = this.#context
    if (!(await hasFfmpeg(section.ffmpeg, 'transcode', this.#context))) return undefined
    const transcoder = new Transcoder({ hub, ...section, maxRestarts: restartsOf(maxRestarts) })
    transcoder.on('start', (stream, engine, pid) =>
      log.event(
        'transcode',
        { vhost, stream, engine, pid },
        `transcode ${stream} ${engine}: started, pid ${pid}`,
      ),
    )
    transcoder.on('exit', (stream, engine, { reason, ranMs }) =>
      log.event(
        'transcode-end',
        { vhost, stream, engine, reason, ranMs },
        `transcode ${stream} ${engine}: ${reason}`,
      ),
    )
    transcoder.on('giveUp', (stream, engine, { reason }) =>
      log.event(
        'transcode-failed',
        { vhost, stream, engine, reason },
        `transcode ${stream} ${engine} given up: ${reason}`,
      ),
    )
    transcoder.on('full', (stream, engine) =>
      log.event(
        'transcode-full',
        { vhost, stream, engine },
        `transcode ${stream} ${engine}: ${section.maxWorkers} already running`,
      ),
    )
    return transcoder
  }
}
