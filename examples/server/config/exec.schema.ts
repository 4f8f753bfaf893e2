/**
 * Section `exec`: programs that run for streams.
 *
 * @module
 */
import { Hub } from 'millrace/hub'
import { ExecHooks, type ExecHooksOptions } from 'millrace/services/ffmpeg'
import { z } from 'zod'
import { match, name, running } from './ffmpeg-fields.ts'
import { count, positiveMs, text } from './fields.ts'

const hook = z.strictObject({
  name: name.describe('Its name, in the log and the API'),
  on: z
    .enum(['publish', 'unpublish'])
    .describe('Run while a stream is published, or once when its publisher has left'),
  match,
  command: z
    .array(z.string())
    .min(1)
    .describe(
      'The program and its arguments, which no shell sees. `[vhost]`, `[app]`, `[stream]`, `[param]`, `[tcUrl]`, `[url]`, `[pageUrl]`, `[swfUrl]`, `[clientId]` and `[ip]` are filled in, percent-encoded',
    ),
  cwd: text.optional().describe('Folder it runs in'),
  restart: z
    .enum(['always', 'on-failure', 'never'])
    .default('always')
    .describe('When a program for `publish` is restarted while the stream is published'),
  hookTimeoutMs: positiveMs.default(60_000).describe('How long a program for `unpublish` may take'),
})

/** Programs of a virtual host. */
export const execSection = z
  .strictObject({
    hooks: z.array(hook),
    maxWorkers: count.default(64).describe('Programs that run at a time; further streams get none'),
    ...running,
  })
  .superRefine(({ hooks }, context) => {
    // The library knows its variables. Nothing runs on a hub without streams.
    try {
      new ExecHooks({ hub: new Hub(), hooks: hooks as ExecHooksOptions['hooks'] })
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message, path: ['hooks'] })
    }
  })
  .describe(
    '[Programs](../guides/ffmpeg.md#run-programs) that run when streams are published and unpublished',
  )
  .meta({ reload: 'Programs end, and start again for live streams' })
