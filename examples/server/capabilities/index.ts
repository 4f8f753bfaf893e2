/**
 * Everything that a virtual host can do. To add a capability: a section in `config/vhost-sections.ts`, a class that implements
 * {@link Capability} in a file here, and a line below.
 *
 * @module
 */
import { AccessRules } from './access-rules.ts'
import { BandwidthCheck } from './bandwidth-check.ts'
import { Callbacks } from './callbacks.ts'
import type { Capability, VhostContext } from './capability.ts'
import { Forwarding } from './forwarding.ts'
import { Hls } from './hls.ts'
import { Ingesting } from './ingesting.ts'
import { AccessBounds } from './limits.ts'
import { Pictures } from './pictures.ts'
import { Programs } from './programs.ts'
import { Pulling } from './pulling.ts'
import { Recording } from './recording.ts'
import { Transcoding } from './transcoding.ts'

/** The capabilities of a virtual host, applied and asked in this order, and closed in the opposite one. */
export type Capabilities = ReturnType<typeof makeCapabilities>

/** Makes them; each is off until its section is applied. */
export function makeCapabilities(context: VhostContext) {
  const rules = new AccessRules(context)
  const callbacks = new Callbacks(context)
  return {
    rules,
    callbacks,
    // Behind the others: only those who get in are counted.
    bounds: new AccessBounds(context),
    hls: new Hls(context, callbacks),
    forwarding: new Forwarding(context, callbacks),
    pulling: new Pulling(context),
    record: new Recording(context, callbacks),
    transcoding: new Transcoding(context),
    ingesting: new Ingesting(context),
    pictures: new Pictures(context),
    programs: new Programs(context),
    bandwidthCheck: new BandwidthCheck(context),
  } satisfies Record<string, Capability>
}
