/**
 * Routes about the server, its process and its machine.
 *
 * @module
 */
import type { z } from 'zod'
import type { Statistics } from '../statistics/index.ts'
import type { ApiRoute } from './api-route.ts'
import type { ApiFeature } from './http-api.ts'
import type { featuresData } from './machine.schema.ts'
import {
  meminfosView,
  rusagesView,
  selfProcStatsView,
  summariesView,
  systemProcStatsView,
  versionsView,
} from './machine-view.ts'
import { responses } from './responses.schema.ts'

/** Headers that tell who somebody is. */
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie'])

/**
 * The routes.
 * @param features - what the application has beside what is known of its doors.
 */
export function machineRoutes(
  statistics: Statistics,
  features: Readonly<Partial<Record<ApiFeature, boolean>>>,
): ApiRoute[] {
  const get = (name: string, summary: string, response: z.ZodObject, data: () => unknown): ApiRoute => ({
    method: 'GET',
    anyMethod: true,
    path: `/${name}`,
    operationId: name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary,
    tag: 'server',
    response,
    run: () => ({ data: data() }),
  })
  const requests = (path: string, operationId: string): ApiRoute => ({
    method: 'GET',
    anyMethod: true,
    path,
    operationId,
    summary: 'The request as it came, for tests',
    tag: 'server',
    response: responses.Requests,
    run: ({ facts }) => {
      const headers = Object.entries(facts.headers).map(([name, value]) => [
        name,
        SECRET_HEADERS.has(name) ? '(masked)' : String(value),
      ])
      const data = { uri: facts.path + facts.param, path: facts.path, METHOD: facts.method }
      return { data: { ...data, headers: Object.fromEntries(headers) as Record<string, string> } }
    },
  })
  return [
    get('versions', 'Version of the server', responses.Versions, versionsView),
    get('summaries', 'Process and machine in short', responses.Summaries, () => summariesView(statistics)),
    get('rusages', 'What the process has used', responses.Rusages, rusagesView),
    get('self_proc_stats', 'The process', responses.SelfProcStats, () => selfProcStatsView(statistics)),
    get('system_proc_stats', 'Times of the processors', responses.SystemProcStats, () =>
      systemProcStatsView(statistics),
    ),
    get('meminfos', 'Memory of the machine', responses.Meminfos, () => meminfosView(statistics)),
    get('authors', 'Licence and authors', responses.Authors, () => ({
      license: 'MIT',
      contributors: 'the millrace contributors',
    })),
    get('features', 'What the server can do', responses.Features, () => featuresView(statistics, features)),
    requests('/requests', 'requests'),
    requests('/tests/requests', 'testsRequests'),
  ]
}

function featuresView(
  { doors }: Statistics,
  given: Readonly<Partial<Record<ApiFeature, boolean>>>,
): z.output<typeof featuresData> {
  const none = { hds: false, callback: false, dvr: false, transcode: false, ingest: false, caster: false }
  const known = { hls: doors.hls, httpd: doors.http, api: true, stat: true, tcp_nodelay: true }
  const foreign = { complex_send: false, so_sendbuf: false, mr: false }
  return {
    options: '',
    options2: '',
    build: `node ${process.versions.node}`,
    build2: `${process.platform} ${process.arch}`,
    features: { ssl: true, ...none, ...known, ...given, ...foreign },
  }
}
