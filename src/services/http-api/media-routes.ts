/**
 * Routes about virtual hosts, streams and clients.
 *
 * @module
 */
import type { z } from 'zod'
import type { Client, Statistics } from '../statistics/index.ts'
import { type ApiRoute, noSuchClient, noSuchStream, noSuchVhost } from './api-route.ts'
import { clientView, streamView, vhostView } from './media-view.ts'
import { clientPage, page, responses } from './responses.schema.ts'

/**
 * The routes.
 * @param maxPageCount - most items of one answer.
 */
export function mediaRoutes(statistics: Statistics, maxPageCount: number): ApiRoute[] {
  const slice = <T>(items: readonly T[], { start, count }: z.output<typeof page>): readonly T[] =>
    items.slice(start, start + Math.min(count, maxPageCount))
  const clientOf = (id: string | undefined): Client => {
    const client = statistics.client(id ?? '')
    if (client === undefined) throw noSuchClient()
    return client
  }
  return [
    {
      method: 'GET',
      path: '/vhosts',
      operationId: 'vhosts',
      summary: 'All virtual hosts',
      tag: 'media',
      response: responses.Vhosts,
      run: () => {
        const clients = statistics.clients()
        return { vhosts: statistics.vhosts().map((of) => vhostView(statistics, of, clients)) }
      },
    },
    {
      method: 'GET',
      path: '/vhosts/{id}',
      operationId: 'vhost',
      summary: 'One virtual host',
      tag: 'media',
      response: responses.OneVhost,
      problems: { 2014: 'No such virtual host; HTTP status 200' },
      run: ({ params }) => {
        const of = statistics.vhosts().find(({ id }) => id === params['id'])
        if (of === undefined) throw noSuchVhost()
        return { vhost: vhostView(statistics, of, statistics.clients()) }
      },
    },
    {
      method: 'GET',
      path: '/streams',
      operationId: 'streams',
      summary: 'Streams, in order of their first publish',
      tag: 'media',
      query: page,
      response: responses.Streams,
      run: ({ query }) => {
        const all = statistics.streams()
        const shown = slice(all, query as z.output<typeof page>)
        return { streams: shown.map((of) => streamView(statistics, of)), total: all.length }
      },
    },
    {
      method: 'GET',
      path: '/streams/{id}',
      operationId: 'stream',
      summary: 'One stream',
      tag: 'media',
      response: responses.OneStream,
      problems: { 2048: 'No such stream; HTTP status 200' },
      run: ({ params }) => {
        const of = statistics.stream(params['id'] ?? '')
        if (of === undefined) throw noSuchStream()
        return { stream: streamView(statistics, of) }
      },
    },
    {
      method: 'DELETE',
      path: '/streams/{id}/publisher',
      operationId: 'kickPublisher',
      summary: 'Send the publisher of a stream away; its players stay for the grace time',
      tag: 'media',
      response: responses.Done,
      problems: { 2048: 'No such stream, or no publisher; HTTP status 404' },
      run: ({ params }) => {
        const publisher = statistics.stream(params['id'] ?? '')?.source.publisher
        if (publisher === undefined) throw noSuchStream(404)
        publisher.kick()
        return {}
      },
    },
    {
      method: 'GET',
      path: '/clients',
      operationId: 'clients',
      summary: 'Publishers, players and HLS viewers, in order of their coming',
      tag: 'media',
      query: clientPage,
      response: responses.Clients,
      run: ({ query }) => {
        const { stream, ...range } = query as z.output<typeof clientPage>
        const source = stream === undefined ? undefined : statistics.stream(stream)?.source
        const all = statistics.clients()
        const of = stream === undefined ? all : all.filter((client) => client.source === source)
        return { clients: slice(of, range).map((client) => clientView(statistics, client)), total: of.length }
      },
    },
    {
      method: 'GET',
      path: '/clients/{id}',
      operationId: 'client',
      summary: 'One client',
      tag: 'media',
      response: responses.OneClient,
      problems: { 2049: 'No such client; HTTP status 200' },
      run: ({ params }) => ({ client: clientView(statistics, clientOf(params['id'])) }),
    },
    {
      method: 'DELETE',
      path: '/clients/{id}',
      operationId: 'kickClient',
      summary: 'Send a client away, publisher or player',
      tag: 'media',
      response: responses.Done,
      problems: { 2049: 'No such client; HTTP status 200' },
      run: ({ params }) => {
        clientOf(params['id']).kick()
        return {}
      },
    },
  ]
}
