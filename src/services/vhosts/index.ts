/**
 * Virtual hosts: {@link VhostHubs} keeps hubs by name, and applies a changed configuration to them while streams run.
 *
 * @module services/vhosts
 * @group Services
 */
export {
  type VhostChanges,
  VhostHubs,
  type VhostHubsEvents,
  type VhostHubsOptions,
  type VhostSettings,
} from './vhost-hubs.ts'
