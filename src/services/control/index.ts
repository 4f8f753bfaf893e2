/**
 * The registry of what can be started, stopped and listed on a stream, such as recordings and forwards: {@link StreamServices}. The HTTP
 * API reads it; recorders, forwarders and transcoders register themselves.
 *
 * @module services/control
 * @group Services
 */
export {
  type ListedService,
  type ServiceInfo,
  type ServiceTarget,
  type StreamService,
  StreamServices,
} from './stream-services.ts'
