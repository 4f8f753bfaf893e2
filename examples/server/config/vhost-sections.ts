/**
 * What a virtual host may have of its own. Whoever adds a section writes its schema in a file here, with a description of every key, and
 * names it in {@link vhostSections}: the file, its errors and the reference page follow.
 *
 * @module
 */
import type { z } from 'zod'
import { accessSection } from './access.schema.ts'
import { bandwidthCheckSection } from './bandwidth-check.schema.ts'
import { callbacksSection } from './callbacks.schema.ts'
import { execSection } from './exec.schema.ts'
import { forwardSection } from './forward.schema.ts'
import { hlsSection } from './hls.schema.ts'
import { hubSection } from './hub.schema.ts'
import { ingestSection } from './ingest.schema.ts'
import { publishKeysSection } from './publish-keys.schema.ts'
import { pullSection } from './pull.schema.ts'
import { recordSection } from './record.schema.ts'
import { snapshotsSection } from './snapshots.schema.ts'
import { transcodeSection } from './transcode.schema.ts'

/** All sections by name. One with `prefault({})` is on when the file does not name it; the others are off. */
export const vhostSections = {
  hub: hubSection.prefault({}),
  hls: hlsSection.prefault({}),
  publishKeys: publishKeysSection,
  access: accessSection.prefault({}),
  callbacks: callbacksSection,
  forward: forwardSection.prefault({}),
  pull: pullSection,
  record: recordSection,
  transcode: transcodeSection,
  ingest: ingestSection,
  snapshots: snapshotsSection,
  exec: execSection,
  bandwidthCheck: bandwidthCheckSection,
}

/** Names of the sections. */
export type SectionName = keyof typeof vhostSections

/** Everything that a virtual host has, its own and what it has from the top of the file; `undefined` is off. */
export type VhostConfig = {
  readonly [Name in SectionName]: z.output<(typeof vhostSections)[Name]> | undefined
}
