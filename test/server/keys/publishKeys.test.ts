import { expect } from 'vitest'
import { publish } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

async function onlyTheKey(): Promise<void> {
  const server = await startWith('publishKeys: [{ key: k-1, stream: /live/show }]')
  await expect(publish(server, '/live/show')).rejects.toThrow('unknown stream key')
  await publish(server, '/live/k-1')
  expect(Array.from(server.hub.sources, ({ streamPath }) => streamPath)).toEqual(['/live/show'])
}

tryKeys('publishKeys', { '[].key': onlyTheKey, '[].stream': onlyTheKey })
