/**
 * HLS: `hls`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { accept, type Hub } from 'millrace/hub'
import { DirectorySegmentStore, HlsHandler, MemorySegmentStore } from 'millrace/packaging'
import { type AccessRule } from 'millrace/services/admission'
import { renditionVariants } from 'millrace/services/ffmpeg'
import { withoutUndefined } from '../config/without-undefined.ts'
import type { VhostConfig } from '../config/vhost-sections.ts'
import type { Callbacks } from './callbacks.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'

/** The section, where it is. */
type HlsConfig = NonNullable<VhostConfig['hls']>

/** HLS of a virtual host. */
export class Hls implements Capability {
  /** @internal */
  readonly authorize: AccessRule
  readonly #context: VhostContext
  readonly #callbacks: Callbacks
  readonly #instance: SectionInstance<HlsConfig, HlsHandler>
  #unwatch: () => void
  /** Endings of the names of streams that have one clock. */
  #suffixes: readonly string[]

  constructor(context: VhostContext, callbacks: Callbacks) {
    this.#context = context
    this.#callbacks = callbacks
    this.#instance = new SectionInstance()
    this.#unwatch = () => undefined
    this.#suffixes = []
    this.authorize = ({ action, streamPath }) =>
      action === 'publish' && this.#suffixes.some((suffix) => streamPath.endsWith(suffix))
        ? accept({ atc: true })
        : 'abstain'
  }

  /** Serves the streams, unless HLS is off. */
  get handler(): HlsHandler | undefined {
    return this.#instance.current
  }

  /** @internal */
  async apply({ hls }: VhostConfig, hub: Hub): Promise<void> {
    this.#suffixes =
      hls === undefined || hls.mode === 'off' || hls.variants === 'renditions' ? [] : hls.variants
    await this.#instance.apply(hls, (section) => this.#open(section, hub))
    this.#unwatch()
    const { handler } = this
    this.#unwatch =
      (handler === undefined ? undefined : this.#callbacks.current?.watchHls(handler)) ?? (() => undefined)
  }

  /** @internal */
  async close(): Promise<void> {
    await this.#instance.close()
  }

  /** @internal */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.handler?.handle(request, response) === true
  }

  #open({ mode, directory, variants, ...times }: HlsConfig, hub: Hub): HlsHandler | undefined {
    if (mode === 'off') return undefined
    const { vhost, log, cors, trustProxy } = this.#context
    const qualities = variants === 'renditions' ? renditionVariants(hub) : variants
    const store = directory === undefined ? new MemorySegmentStore() : new DirectorySegmentStore(directory)
    const handler = new HlsHandler({
      hub,
      cors,
      trustProxy,
      mode,
      store,
      variants: qualities,
      ...withoutUndefined(times),
    })
    handler.on('storeError', ({ message }, file, { streamPath: stream }) =>
      log.event(
        'hls-store-failed',
        { vhost, stream, file, error: message },
        `HLS of ${stream} cannot be stored in ${directory}: ${message}; segments stay in memory, the playlist there lists only stored ones`,
      ),
    )
    handler.on('storeRecover', ({ streamPath: stream }) =>
      log.event('hls-store-recovered', { vhost, stream }, `HLS of ${stream} is stored in ${directory} again`),
    )
    return handler
  }
}
