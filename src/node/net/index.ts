/**
 * Sockets and what every transport needs around them: sinks, the PROXY protocol, the timeout sweep, URLs without secrets.
 *
 * @module node/net
 * @group Node
 */
import './listener-trace.ts'

export { abortError } from './abort-error.ts'
export { networkOf } from './address-network.ts'
export { newClientId } from './client-id.ts'
export { type DuplexPairOptions, duplexPair } from './duplex-pair.ts'
export { DuplexSink, type DuplexSinkHandlers } from './duplex-sink.ts'
export { type ListenOptions, listenOn } from './listen.ts'
export { type UrlSecrets, maskUrl, redact } from './masked-url.ts'
export { A_HUB, PLAYER_CHECKS } from './option-checks.ts'
export { PacketQueue } from './packet-queue.ts'
export { plainAddress } from './plain-address.ts'
export { readProxyHeader } from './proxied-socket.ts'
export { type ProxyHeader, ProxyProtocolDecoder } from './proxy-protocol.ts'
export { type RealTimeOptions, inRealTime } from './real-time.ts'
export { stallOf, StallWatch } from './stall-watch.ts'
export { type Expiring, TimeoutSweep } from './sweep.ts'
export { ZeroClock } from './zero-clock.ts'
