/**
 * Ports as the configuration and its reader see them.
 *
 * @module
 */
import type { AddressInfo } from 'node:net'
import type { ListenOptions } from 'millrace/node'
import { ConfigError } from './config/config.ts'

/** A port of the configuration. */
export interface PortAddress {
  readonly port: number
  readonly host?: string | undefined
}

/** A server that has an address. */
export interface Listener {
  listen(options: ListenOptions): Promise<AddressInfo>
}

/** Opens a port. @throws {@link ConfigError} with the system's refusal in words. */
export async function listening(server: Listener, { port, host }: PortAddress): Promise<AddressInfo> {
  try {
    return await server.listen({ port, host })
  } catch (error) {
    throw new ConfigError(`cannot listen on port ${port}: ${(error as Error).message}`, { cause: error })
  }
}

/** An address as people write it. */
export function urlOf(scheme: string, { address, family, port }: AddressInfo): string {
  const anywhere = address === '::' || address === '0.0.0.0'
  return `${scheme}://${anywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}`
}
