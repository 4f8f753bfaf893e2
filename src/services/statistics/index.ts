/**
 * Who publishes and plays what, with bitrates: {@link Statistics}, which API, metrics and page read.
 * {@link SystemStatistics} is about the process and its machine.
 *
 * @module services/statistics
 * @group Services
 */
export { Client, type ClientStats, type ClientRole } from './client.ts'
export {
  type ConnectionCounts,
  type Kbps,
  Statistics,
  type StatisticsOptions,
  type StreamStatistics,
  type VhostStatistics,
} from './statistics.ts'
export {
  type DiskStats,
  type MemoryStats,
  type NetworkStats,
  type SocketStats,
  SystemStatistics,
  type UptimeStats,
} from './system-statistics.ts'
