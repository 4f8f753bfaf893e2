/**
 * What the options of {@link ExecHooks} may be.
 *
 * @module
 */
import { z } from 'zod'
import { type Clock, Hub, systemClock } from '../../hub/index.ts'
import type { OptionsSchema } from '../parse-options.ts'
import { CommandTemplate } from './command-template.ts'
import type { ExecHook, ExecHooksOptions } from './exec-hooks-options.ts'
import { restartShape } from './restart-options.ts'
import { streamPatterns } from './stream-template.schema.ts'
import { DEFAULT_VHOST } from '../../rtmp/index.ts'

const command = z
  .array(z.string())
  .min(1)
  .readonly()
  .refine(([program]) => program !== '', 'begins with a program')
  .transform((words, context) => {
    try {
      return new CommandTemplate(words)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
      return z.NEVER
    }
  })

const hook = z.strictObject({
  name: z.string().regex(/^[\w-]+$/, 'letters, digits, _ and -'),
  on: z.enum(['publish', 'unpublish']),
  match: streamPatterns,
  command,
  cwd: z.string().min(1).optional(),
  restart: z.enum(['always', 'on-failure', 'never']).default('always'),
  hookTimeoutMs: z.number().positive().default(60_000),
}) satisfies OptionsSchema<ExecHook, unknown>

/** Options with their defaults. */
export const execHooksOptions = z.strictObject({
  hub: z.instanceof(Hub),
  hooks: z.array(hook).readonly(),
  vhost: z.string().min(1).default(DEFAULT_VHOST),
  maxWorkers: z.int().positive().default(64),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null).default(() => systemClock),
  ...restartShape,
}) satisfies OptionsSchema<ExecHooksOptions, unknown>

/** All options. */
export type ResolvedExecHooksOptions = z.output<typeof execHooksOptions>
/** A hook with its defaults. */
export type ResolvedExecHook = ResolvedExecHooksOptions['hooks'][number]
