/**
 * The PROXY header in front of a connection.
 *
 * @module
 */
import type { Socket } from 'node:net'
import { DecodeError } from '../../errors/index.ts'
import { type Clock, setDeadline } from '../../hub/index.ts'
import { type ProxyHeader, ProxyProtocolDecoder } from './proxy-protocol.ts'

/** Time for a PROXY header, ms: a balancer sends it at once. */
const PROXY_HEADER_TIMEOUT_MS = 5_000

/**
 * Reads the header of `socket`, which is paused behind it.
 * @throws {@link DecodeError} `ERR_PROXY_HEADER` when there is none, or it does not come in time.
 */
export function readProxyHeader(socket: Socket, clock: Clock): Promise<ProxyHeader> {
  return new Promise((resolve, fail) => {
    const decoder = new ProxyProtocolDecoder()
    const stop = (): void => {
      timer.cancel()
      socket.off('data', onData).off('close', onClose)
    }
    const refuse = (error: unknown): void => {
      stop()
      fail(error instanceof Error ? error : new Error(String(error)))
    }
    const onClose = (): void => refuse(new DecodeError('ERR_PROXY_HEADER', 'the connection closed before it'))
    const onData = (bytes: Buffer): void => {
      try {
        const rest = decoder.push(bytes)
        if (rest === undefined) return
        stop()
        socket.pause()
        if (rest.length > 0) socket.unshift(rest)
        resolve(decoder.header!)
      } catch (error) {
        refuse(error)
      }
    }
    const timer = setDeadline(
      clock,
      () => refuse(new DecodeError('ERR_PROXY_HEADER', `no header within ${PROXY_HEADER_TIMEOUT_MS} ms`)),
      PROXY_HEADER_TIMEOUT_MS,
    )
    socket.on('data', onData).on('close', onClose)
  })
}
