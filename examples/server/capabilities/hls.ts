/**
 * HLS: `hls`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Hub } from 'millrace/hub'
import { DirectorySegmentStore, HlsHandler, MemorySegmentStore } from 'millrace/node'
import type { VhostConfig } from '../config/vhost-sections.ts'
import type { Callbacks } from './callbacks.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'

/** The section, where it is. */
type HlsConfig = NonNullable<VhostConfig['hls']>

/** HLS of a virtual host. */
export class Hls implements Capability {
  readonly #context: VhostContext
  readonly #callbacks: Callbacks
  readonly #instance: SectionInstance<HlsConfig, HlsHandler>
  #unwatch: () => void

  constructor(context: VhostContext, callbacks: Callbacks) {
    this.#context = context
    this.#callbacks = callbacks
    this.#instance = new SectionInstance()
    this.#unwatch = () => undefined
  }

  /** Serves the streams, unless HLS is off. */
  get handler(): HlsHandler | undefined {
    return this.#instance.current
  }

  /** @internal */
  async apply({ hls }: VhostConfig, hub: Hub): Promise<void> {
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

  #open({ mode, directory, targetDurationMs, windowMs }: HlsConfig, hub: Hub): HlsHandler | undefined {
    if (mode === 'off') return undefined
    const { cors, trustProxy } = this.#context
    const store = directory === undefined ? new MemorySegmentStore() : new DirectorySegmentStore(directory)
    return new HlsHandler({ hub, cors, trustProxy, mode, store, targetDurationMs, windowMs })
  }
}
