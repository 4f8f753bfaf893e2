/**
 * The OpenAPI 3.0 document, made from the routes and the schemas that their answers are tested with.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import { VERSION } from '../version.ts'
import type { ApiRoute } from './api-route.ts'
import { parts, problem, responses } from './responses.schema.ts'

/** A JSON object. */
type Json = Record<string, unknown>

const COMPONENTS = '#/components/schemas/'

/** The document. */
export function openApiDocument(routes: readonly ApiRoute[], prefix: string): Json {
  const names = new Map<z.ZodType, string>(
    Object.entries({ ...responses, ...parts }).map(([name, schema]) => [schema, name]),
  )
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = (paths[`${prefix}/api/v1${route.path}`] ??= {})
    path[route.method.toLowerCase()] = operation(route, names)
  }
  return {
    openapi: '3.0.3',
    info: {
      title: 'millrace',
      version: VERSION,
      description:
        'Streams, clients, process and machine of a live media server; paths and fields as in SRS.',
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' },
    },
    paths,
    components: {
      schemas: componentSchemas(names),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        password: { type: 'http', scheme: 'basic' },
      },
    },
    security: [{ token: [] }, { password: [] }],
    tags: [
      { name: 'server', description: 'The server, its process and its machine' },
      { name: 'media', description: 'Virtual hosts, streams and clients' },
      { name: 'services', description: 'What can be started on a stream' },
    ],
  }
}

function operation(route: ApiRoute, names: ReadonlyMap<z.ZodType, string>): Json {
  const problems = Object.entries(route.problems ?? {})
  const description = problems.map(([code, text]) => `\`code\` ${code}: ${text}.`).join(' ')
  const statuses = new Set(['400', '401', '403', '500'])
  for (const [code, text] of problems) statuses.add(/HTTP status (\d+)/.exec(text)?.[1] ?? code)
  statuses.delete('200')
  const failures = Array.from(statuses, (status) => [
    status,
    { description: STATUS_CODES[status] ?? status, content: jsonOf(reference(problem, names)) },
  ])
  const mayFailWith200 = problems.some(([, text]) => text.includes('HTTP status 200'))
  const success = reference(route.response, names)
  const answer = mayFailWith200 ? { oneOf: [success, reference(problem, names)] } : success
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(description === '' ? {} : { description }),
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    ...(route.takesBody === true
      ? { requestBody: { required: false, content: jsonOf({ description: 'Options of the service' }) } }
      : {}),
    responses: {
      200: { description: STATUS_CODES[200], content: jsonOf(answer) },
      ...Object.fromEntries(failures),
    },
  }
}

function jsonOf(schema: Json): Json {
  return { 'application/json': { schema } }
}

function reference(schema: z.ZodType, names: ReadonlyMap<z.ZodType, string>): Json {
  return { $ref: `${COMPONENTS}${names.get(schema)}` }
}

function pathParameters(path: string): Json[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  if (query === undefined) return []
  const { properties = {}, required = [] } = z.toJSONSchema(query, { target: 'openapi-3.0', io: 'input' })
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...type } = plain(schema as Json)
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: type,
    }
  })
}

function componentSchemas(names: ReadonlyMap<z.ZodType, string>): Json {
  const registry = z.registry<{ id: string }>()
  for (const [schema, id] of names) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, {
    target: 'openapi-3.0',
    io: 'output',
    uri: (id) => `${COMPONENTS}${id}`,
    override: ({ jsonSchema }) => {
      // Later versions may tell more.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  })
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, plain(schema as Json)]))
}

/** Without what OpenAPI 3.0 does not know, and without the bounds of safe integers, which say nothing. */
function plain(schema: Json): Json {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name]) => name !== '$id' && name !== '$schema')
      .filter(([, value]) => value !== Number.MAX_SAFE_INTEGER && value !== Number.MIN_SAFE_INTEGER)
      .map(([name, value]) => [name, plainValue(value)]),
  )
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue)
  return typeof value === 'object' && value !== null ? plain(value as Json) : value
}
