/**
 * The shape of the configuration file.
 *
 * @module
 */
import { VhostHubs, type VhostSettings } from 'millrace/services/vhosts'
import { z } from 'zod'
import { httpSection, httpsSection, operatorSection, rtmpSection } from './doors.schema.ts'
import { text } from './fields.ts'
import { heartbeatSection } from './heartbeat.schema.ts'
import { apiSection, metricsSection, pageSection, processKeys } from './operations.schema.ts'
import { ownForm, switchable, withoutDefault } from './switchable.ts'
import { type NamedVhost, vhostsOf } from './vhost-config.ts'
import { vhostSections } from './vhost-sections.ts'
import { DEFAULT_VHOST } from 'millrace/rtmp'

/** What there is once in a server. */
export const serverSections = {
  ...processKeys,
  rtmp: rtmpSection.prefault({}),
  http: httpSection.prefault({}),
  https: httpsSection.optional(),
  operator: operatorSection.optional(),
  api: apiSection.prefault({}),
  metrics: metricsSection.prefault({}),
  page: pageSection.prefault({}),
  heartbeat: heartbeatSection.optional(),
}

/** What a virtual host has beside its sections. */
export const vhostKeys = {
  aliases: z
    .array(text)
    .optional()
    .describe('Other names that it answers to; `*.example.com` for all names below'),
}

/** Names and aliases of virtual hosts; the library knows what is wrong with them. */
const vhosts = z
  .record(text, z.strictObject({ ...vhostKeys, ...mapSections((schema) => ownForm(schema).optional()) }))
  .superRefine((named, context) => {
    const all = new VhostHubs()
    const taken: [string, VhostSettings][] = [[DEFAULT_VHOST, {}]]
    for (const [name, { aliases = [] }] of Object.entries(named)) {
      try {
        taken.push([name, { aliases }])
        all.apply(taken)
      } catch (error) {
        taken.pop()
        context.addIssue({ code: 'custom', path: [name], message: (error as Error).message })
      }
    }
  })

const serverConfig = z.strictObject(serverSections)

/** A checked configuration. */
export type Config = z.output<typeof serverConfig> & {
  /** All virtual hosts, that of everybody else first. */
  readonly vhosts: readonly NamedVhost[]
}

/** `http: false` for `http: { enabled: false }`, and so for all sections that have such a key. */
function spellOut(file: unknown): unknown {
  if (typeof file !== 'object' || file === null || Array.isArray(file)) return file
  const hasSwitch = (name: string): boolean => serverConfig.safeParse({ [name]: { enabled: false } }).success
  return Object.fromEntries(
    Object.entries(file).map(([name, value]) => [
      name,
      value === false && hasSwitch(name) ? { enabled: false } : (value as unknown),
    ]),
  )
}

/** The file as it is when all is written out. */
const spelledOut = serverConfig
  .extend({
    // Its defaults come with all the others, once it is known what each virtual host has.
    ...mapSections((schema) => switchable(withoutDefault(schema)).optional()),
    vhosts: vhosts.optional(),
  })
  .transform(({ vhosts: named = {}, ...top }, context): Config => {
    // An unknown key alone does not keep zod from coming here.
    if (context.issues.length > 0) return z.NEVER
    const resolved = vhostsOf(top, named, (path, issue) =>
      context.issues.push({ ...issue, path: [...path], input: undefined } as never),
    )
    const server = Object.keys(serverSections).map((name) => [name, top[name as keyof typeof top]])
    return { ...(Object.fromEntries(server) as z.output<typeof serverConfig>), vhosts: resolved }
  })

/** The file's shape. Every section and key may be left out. */
export const configSchema = z.preprocess(spellOut, spelledOut)

function mapSections(change: (schema: z.ZodType) => z.ZodType): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(vhostSections).map(([name, schema]) => [name, change(schema)]))
}
