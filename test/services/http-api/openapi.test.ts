import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { ApiStage, type Json } from './api-stage.ts'

/** What a document refers to. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references)
  if (typeof value !== 'object' || value === null) return []
  const { $ref } = value as { $ref?: string }
  return [...(typeof $ref === 'string' ? [$ref] : []), ...Object.values(value).flatMap(references)]
}

test('the document is valid OpenAPI 3.0 and the same at its path', async () => {
  const stage = new ApiStage()
  const { body } = await stage.ask('/api/v1/openapi.json')
  const result = await new Validator().validate(structuredClone(body))
  expect(result.errors ?? []).toEqual([])
  expect(result.valid).toBe(true)
  expect(body).toEqual(JSON.parse(JSON.stringify(stage.api.openApi())))
  expect(body['openapi']).toBe('3.0.3')
})

test('what it refers to is there, and all that is there is referred to', async () => {
  const document = new ApiStage().api.openApi()
  const { schemas } = document['components'] as { schemas: Json }
  const named = Object.keys(schemas).map((name) => `#/components/schemas/${name}`)
  expect([...new Set(references(document))].toSorted()).toEqual(named.toSorted())
})

test('every path and method of it is answered, and every operation has a name of its own', async () => {
  const stage = new ApiStage({ prefix: '/p' })
  const { paths } = stage.api.openApi() as { paths: Record<string, Record<string, { operationId: string }>> }
  const ids: string[] = []
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      ids.push(operationId)
      const url = path.replaceAll(/\{\w+\}/g, 'none')
      const { status, text } = await stage.ask(url, { method: method.toUpperCase() })
      expect([path, method, status, text === 'not ours']).toEqual([path, method, expect.any(Number), false])
      expect([path, method, status]).not.toEqual([path, method, 405])
    }
  }
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toContain('kickPublisher')
})
