/**
 * What the file says of each virtual host.
 *
 * @module
 */
import { join } from 'node:path'
import { DEFAULT_VHOST } from 'millrace/services'
import type { Config, VhostConfig } from './config.schema.ts'

/** A virtual host with everything that it has from the sections of the server. */
export interface NamedVhost {
  readonly name: string
  readonly aliases: readonly string[]
  readonly config: VhostConfig
}

/** All virtual hosts, that of everybody else first. A key that a named one leaves out is that of the server. */
export function vhostsOf({ vhosts = {}, hub, hls, publishKeys, access, callbacks }: Config): NamedVhost[] {
  const top = { hub, hls, publishKeys, access, callbacks }
  const named = Object.entries(vhosts).map(([name, own]): NamedVhost => {
    // Streams of two virtual hosts may have one path.
    const directory = hls.directory === undefined ? {} : { directory: join(hls.directory, name) }
    const config: VhostConfig = {
      hub: { ...hub, ...own.hub },
      hls: { ...hls, ...directory, ...own.hls, mode: own.hls?.mode ?? hls.mode },
      publishKeys: own.publishKeys ?? publishKeys,
      access: { ...access, ...own.access },
      callbacks: own.callbacks ?? callbacks,
    }
    return { name, aliases: own.aliases ?? [], config }
  })
  return [{ name: DEFAULT_VHOST, aliases: [], config: top }, ...named]
}
