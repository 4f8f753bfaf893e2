/**
 * The route about who was refused.
 *
 * @module
 */
import type { z } from 'zod'
import type { RecentRefusals } from '../admission/index.ts'
import type { ApiRoute } from './api-route.ts'
import { page, responses } from './responses.schema.ts'

/**
 * The route.
 * @param maxPageCount - most items of one answer.
 */
export function refusalRoutes(refusals: RecentRefusals, maxPageCount: number): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/refusals',
      operationId: 'refusals',
      summary: 'Who was refused recently and why, latest first',
      tag: 'media',
      query: page,
      response: responses.Refusals,
      run: ({ query }) => {
        const { start, count } = query as z.output<typeof page>
        const shown = refusals.list().slice(start, start + Math.min(count, maxPageCount))
        return { refusals: shown.map(refusalView), total: refusals.total }
      },
    },
  ]
}

function refusalView(
  of: ReturnType<RecentRefusals['list']>[0],
): z.output<typeof responses.Refusals>['refusals'][0] {
  return {
    last_ms: of.lastMs,
    first_ms: of.firstMs,
    times: of.times,
    action: of.action,
    protocol: of.protocol,
    vhost: of.vhost,
    app: of.app,
    url: of.streamPath,
    ip: of.remoteAddress,
    client: of.clientId,
    agent: of.agent,
    pageUrl: of.pageUrl,
    reason: of.reason,
  }
}
