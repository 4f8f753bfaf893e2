/**
 * Routes to start and stop what an application has registered, and to reload its configuration.
 *
 * @module
 */
import type { Statistics } from '../statistics/index.ts'
import { isStreamService } from '../control/internal.ts'
import type { ListedService, ServiceTarget, StreamService, StreamServices } from '../control/index.ts'
import { ApiProblem, type ApiRoute, noSuchStream } from './api-route.ts'
import { raw, responses } from './responses.schema.ts'

/** Reads the configuration again. @throws whatever is wrong with it, in words for the operator. */
export type ReloadConfiguration = () => void | Promise<void>

/** The routes of services. */
export function serviceRoutes(statistics: Statistics, services: StreamServices): ApiRoute[] {
  const targetOf = (id: string | undefined): ServiceTarget => {
    const stream = statistics.stream(id ?? '')
    if (stream === undefined) throw noSuchStream(404)
    return stream
  }
  const serviceOf = (name: string | undefined): ListedService => {
    const service = services.get(name ?? '')
    if (service === undefined) throw new ApiProblem(404, 404, 'no such service')
    return service
  }
  const streamServiceOf = (name: string | undefined): StreamService => {
    const service = serviceOf(name)
    if (!isStreamService(service)) throw new ApiProblem(404, 404, 'this service does not work on streams')
    return service
  }
  const path = '/streams/{id}/services/{name}'
  const problems = { 404: 'No such service', 2048: 'No such stream; HTTP status 404' }
  return [
    {
      method: 'GET',
      path: '/services',
      operationId: 'services',
      summary: 'Services that work on streams, and all others',
      tag: 'services',
      response: responses.Services,
      run: () => ({
        services: Array.from(services.entries(), ([name, service]) => serviceView(name, service)),
      }),
    },
    {
      method: 'GET',
      path: '/services/{name}',
      operationId: 'service',
      summary: 'What a service does now and did lately, on all streams',
      tag: 'services',
      response: responses.OneService,
      problems: { 404: problems[404] },
      run: ({ params }) => {
        const { name = '' } = params
        const service = serviceOf(name)
        return { data: { ...serviceView(name, service), items: service.list?.() ?? [] } }
      },
    },
    {
      method: 'GET',
      path: '/streams/{id}/services',
      operationId: 'streamServices',
      summary: 'What runs on a stream, and what could',
      tag: 'services',
      response: responses.StreamServices,
      problems: { 2048: problems[2048] },
      run: ({ params }) => {
        const target = targetOf(params['id'])
        const shown = []
        for (const [name, service] of services.entries()) {
          if (!isStreamService(service)) continue
          const status = service.status?.(target) ?? null
          shown.push({ ...serviceView(name, service), running: service.isRunning(target), status })
        }
        return { services: shown }
      },
    },
    {
      method: 'PUT',
      path,
      operationId: 'startService',
      summary: 'Start a service on a stream; the body is for the service',
      tag: 'services',
      takesBody: true,
      response: responses.Done,
      problems: { ...problems, 409: 'It runs already' },
      run: async ({ params, body }) => {
        const target = targetOf(params['id'])
        const service = streamServiceOf(params['name'])
        if (service.isRunning(target)) throw new ApiProblem(409, 409, 'it is already running')
        try {
          await service.start(target, body)
        } catch (error) {
          if (error instanceof TypeError) throw new ApiProblem(400, 400, error.message)
          throw error
        }
        return {}
      },
    },
    {
      method: 'DELETE',
      path,
      operationId: 'stopService',
      summary: 'Stop a service on a stream',
      tag: 'services',
      response: responses.Done,
      problems: { ...problems, 409: 'It does not run' },
      run: async ({ params }) => {
        const target = targetOf(params['id'])
        const service = streamServiceOf(params['name'])
        if (!service.isRunning(target)) throw new ApiProblem(409, 409, 'it is not running')
        await service.stop(target)
        return {}
      },
    },
  ]
}

function serviceView(name: string, service: ListedService) {
  return { name, description: service.description, on_stream: isStreamService(service) }
}

/** The answer of SRS where its raw API does not reload. */
const CODE_RAW_DISABLED = 1061

/** `/api/v1/raw`, in the form of SRS. */
export function rawRoutes(reload: ReloadConfiguration | undefined): ApiRoute[] {
  let reloads = 0
  let last = { err: 0, msg: '', state: 'none', rid: '' }
  const run = async ({ rpc }: { readonly rpc: string }): Promise<Record<string, unknown>> => {
    if (rpc === 'raw') {
      const http_api = { enabled: true, raw_api: { enabled: true, allow_reload: reload !== undefined } }
      // SRS has it beside `code`, where its console looks for it; everything else is in `data`.
      return { http_api, data: { http_api } }
    }
    if (reload === undefined) throw new ApiProblem(200, CODE_RAW_DISABLED, 'reload is not available')
    if (rpc === 'reload-fetch') return { data: last }
    const rid = String(++reloads)
    try {
      await reload()
      last = { err: 0, msg: 'success', state: 'done', rid }
      return {}
    } catch (error) {
      const msg = error instanceof Error ? error.message : String(error)
      last = { err: 1, msg, state: 'done', rid }
      throw new ApiProblem(200, 1023, msg)
    }
  }
  const route = (method: 'GET' | 'POST', operationId: string): ApiRoute => ({
    method,
    path: '/raw',
    operationId,
    summary: 'Read the configuration again, and how that went',
    tag: 'server',
    query: raw,
    response: responses.Reload,
    isAction: ({ rpc }) => rpc === 'reload',
    problems: { [CODE_RAW_DISABLED]: 'The server has no reload; HTTP status 200' },
    run: ({ query, facts }) => {
      const { rpc } = query as { rpc: string }
      // Unlike PUT and DELETE, a page from elsewhere may send this with the password that the browser knows. Another port is elsewhere.
      const from = facts.header('sec-fetch-site') ?? 'none'
      if (rpc === 'reload' && from !== 'none' && from !== 'same-origin')
        throw new ApiProblem(403, 403, 'not allowed from another site')
      return run({ rpc })
    },
  })
  return [route('GET', 'raw'), route('POST', 'rawPost')]
}
