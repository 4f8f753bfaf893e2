/**
 * Listening on a TCP port.
 *
 * @module
 */
import type { AddressInfo, Server } from 'node:net'

/** Connections that the kernel holds until they are accepted: enough for a thousand players that come at once. */
const BACKLOG = 4_096

/** Where to listen. */
export interface ListenOptions {
  /** TCP port, 0 for any free one. @defaultValue 1935 for RTMP, 8080 for HTTP */
  readonly port?: number | undefined
  /** Address. @defaultValue all addresses */
  readonly host?: string | undefined
}

/**
 * Opens a port.
 * @returns the bound address and port.
 * @throws the system's error, such as `EADDRINUSE`.
 */
export async function listenOn(
  server: Server,
  { port, host }: ListenOptions,
  defaultPort: number,
): Promise<AddressInfo> {
  await new Promise<void>((resolve, fail) => {
    server.once('error', fail)
    server.listen({ port: port ?? defaultPort, host, backlog: BACKLOG }, () => {
      server.off('error', fail)
      resolve()
    })
  })
  return server.address() as AddressInfo
}
