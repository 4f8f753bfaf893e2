/**
 * Programs that run for streams: `exec`.
 *
 * @module
 */
import type { Hub } from 'millrace/hub'
import { type ListedService } from 'millrace/services/control'
import { ExecHooks } from 'millrace/services/ffmpeg'
import { restartsOf } from '../config/ffmpeg-fields.ts'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { type Capability, SectionInstance, type VhostContext } from './capability.ts'

/** The section, where it is. */
type ExecConfig = NonNullable<VhostConfig['exec']>

/** Programs of a virtual host. */
export class Programs implements Capability {
  /** @internal */
  readonly services: { readonly exec: ListedService }
  readonly #context: VhostContext
  readonly #instance: SectionInstance<ExecConfig, ExecHooks>

  constructor(context: VhostContext) {
    this.#context = context
    this.#instance = new SectionInstance()
    this.services = {
      exec: {
        description: 'Programs that run for streams',
        list: () => this.#instance.current?.service.list?.() ?? [],
      },
    }
  }

  /** @internal */
  async apply({ exec }: VhostConfig, hub: Hub): Promise<void> {
    await this.#instance.apply(exec, (section) => this.#open(section, hub))
  }

  /** @internal */
  async close(): Promise<void> {
    await this.#instance.close()
  }

  #open({ maxRestarts, ...section }: ExecConfig, hub: Hub): ExecHooks {
    const { vhost, log } = this.#context
    const hooks = new ExecHooks({ hub, vhost, ...section, maxRestarts: restartsOf(maxRestarts) })
    hooks.on('start', (hook, stream, pid) =>
      log.event('exec', { vhost, stream, hook, pid }, `exec ${hook} for ${stream}: started, pid ${pid}`),
    )
    hooks.on('exit', (hook, stream, { reason, ranMs }) =>
      log.event('exec-end', { vhost, stream, hook, reason, ranMs }, `exec ${hook} for ${stream}: ${reason}`),
    )
    hooks.on('giveUp', (hook, stream, { reason }) =>
      log.event(
        'exec-failed',
        { vhost, stream, hook, reason },
        `exec ${hook} for ${stream} given up: ${reason}`,
      ),
    )
    hooks.on('full', (hook, stream) =>
      log.event(
        'exec-full',
        { vhost, stream, hook },
        `exec ${hook} for ${stream}: ${section.maxWorkers} already running`,
      ),
    )
    return hooks
  }
}
