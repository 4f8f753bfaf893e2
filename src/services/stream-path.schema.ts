/**
 * A stream path in options.
 *
 * @module
 */
import { z } from 'zod'
import { type StreamPath, streamPathFault } from '../hub/index.ts'

/** The path of a stream, by the rule of the hub. */
export const streamPath = z
  .custom<StreamPath>((value) => typeof value === 'string', 'a stream path is /app/name')
  .superRefine((path, context) => {
    const fault = streamPathFault(path)
    if (fault !== undefined)
      context.addIssue({ code: 'custom', message: `a stream path is /app/name: ${fault}` })
  })
