/** What constructors say to options that are none, as plain JavaScript may give them. */
import { Hub, type HubOptions } from 'millrace/hub'
import {
  HttpFlvClient,
  LiveHandler,
  type LiveHandlerOptions,
  RtmpClient,
  RtmpServer,
  type RtmpServerOptions,
  SrtServer,
  type SrtServerOptions,
} from 'millrace/node'
import { HlsHandler, type HlsHandlerOptions } from 'millrace/packaging'
import { describe, expect, it } from 'vitest'

const hub = new Hub()

const CONSTRUCTORS: readonly [name: string, make: (options: object) => unknown][] = [
  ['RtmpServer', (options) => new RtmpServer(options as RtmpServerOptions)],
  ['SrtServer', (options) => new SrtServer(options as SrtServerOptions)],
  ['LiveHandler', (options) => new LiveHandler(options as LiveHandlerOptions)],
  ['HlsHandler', (options) => new HlsHandler(options as HlsHandlerOptions)],
]

describe.each(CONSTRUCTORS)('%s', (name, make) => {
  it('says that its hub is missing, or is none', () => {
    expect(() => make({})).toThrow(
      new TypeError(`${name}: hub is missing, a Hub or a function that picks one`),
    )
    expect(() => make({ hub: {} })).toThrow(
      new TypeError(`${name}: hub is an object, not a Hub or a function that picks one`),
    )
  })

  it('names every option that is unknown or of the wrong type', () => {
    expect(() => make({ hub, maxViewer: 3, clock: 'now' })).toThrow(
      new TypeError(`${name}: unknown option maxViewer; clock is 'now', not an object`),
    )
    expect(() => make(5 as never)).toThrow(new TypeError(`${name}: options must be an object, not 5`))
  })

  it('takes undefined for an option that is not given', () => {
    expect(() => make({ hub, clock: undefined })).not.toThrow()
  })
})

it('undefined counts as not given, also in the types', () => {
  const given: RtmpServerOptions = {
    hub,
    tls: undefined,
    session: { mediaTimeoutMs: undefined },
    player: undefined,
  }
  expect(() => new RtmpServer(given)).not.toThrow()
  expect(() => new LiveHandler({ hub, prefix: undefined, cors: undefined })).not.toThrow()
  expect(() => new Hub({ graceMs: undefined, authorize: undefined })).not.toThrow()
})

it('options within options are checked as well', () => {
  const session = { mediaTimeout: 5_000 } as RtmpServerOptions['session']
  expect(() => new RtmpServer({ hub, ...(session && { session }) })).toThrow(
    new TypeError('RtmpServer, session: unknown option mediaTimeout'),
  )
  expect(() => new LiveHandler({ hub, player: { maxLagMs: -1 } })).toThrow(
    new RangeError('LiveHandler, player: maxLagMs is -1; at least 0 is needed'),
  )
})

it('a hub checks its options, when it is made and when they change', () => {
  const wrong = { grace: 5, authorize: 'yes', secondPublisher: 'kick' } as unknown as HubOptions
  const error = new TypeError(
    "Hub: unknown option grace; authorize is 'yes', not a function; secondPublisher is 'kick', not 'refuse' or 'take-over'",
  )
  expect(() => new Hub(wrong)).toThrow(error)
  expect(() => hub.setOptions(wrong)).toThrow(error)
})

it('clients reject before they connect', async () => {
  const options = { timeoutMs: 5 } as object
  await expect(RtmpClient.play('rtmp://127.0.0.1/live/show', options)).rejects.toThrow(
    new TypeError('RtmpClient: unknown option timeoutMs'),
  )
  await expect(HttpFlvClient.play('http://127.0.0.1/live/show.flv', options)).rejects.toThrow(
    new TypeError('HttpFlvClient: unknown option timeoutMs'),
  )
})
