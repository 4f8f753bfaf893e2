import { type Authorize, Hub, type HubOptions } from 'millrace/hub'
import { expect, it } from 'vitest'
import { checkedConnect } from '../../../src/node/rtmp/checked-connect.ts'

const REQUEST = {
  action: 'play',
  protocol: 'rtmp',
  vhost: '',
  app: 'live',
  streamName: 'show',
  streamPath: '/live/show',
  query: {},
  remoteAddress: '192.0.2.1',
  secure: false,
  url: '',
  pageUrl: '',
  details: {},
} as const

// As of a function that forgets its return.
it.each([
  [undefined, 'with nothing: return accept(), reject() or true'],
  [null, 'with null'],
  [0, 'with 0'],
])('an authorize that answers %s lets nobody in and says what it lacks', async (answer, words) => {
  const options: HubOptions = { authorize: (() => answer) as unknown as Authorize }
  const hub = new Hub(options)
  const errors: unknown[] = []
  hub.on('authorizeError', (error) => errors.push(error))
  expect(await hub.authorize(REQUEST, new AbortController().signal)).toMatchObject({ type: 'reject' })
  expect(errors).toEqual([new TypeError(`authorize answered ${words}`)])
})

it('an onConnect that answers nothing says so too', () => {
  expect(() => checkedConnect(undefined as never)).toThrow(
    new TypeError('onConnect answered with nothing: return a decision or true'),
  )
})
