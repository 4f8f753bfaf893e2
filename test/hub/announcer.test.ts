import { Announcer, type AnnouncerEvents, Hub } from 'millrace/hub'
import { describe, expect, test } from 'vitest'

interface Events extends AnnouncerEvents {
  fact: (a: number, b: string) => void
}

const bug = new Error('a bug of the application')

function throwing(): never {
  throw bug
}

/** TypeScript takes an async function for a listener. */
const rejecting = (() => Promise.reject(bug)) as () => void

/** With what `listenerError` told. */
function announcer(): { announcer: Announcer<Events>; errors: unknown[] } {
  const announcer = new Announcer<Events>()
  const errors: unknown[] = []
  announcer.on('listenerError', (error, event) => errors.push([event, error]))
  return { announcer, errors }
}

describe('a listener that throws', () => {
  test('costs nobody else the fact, and is told by listenerError', () => {
    const { announcer: facts, errors } = announcer()
    const heard: unknown[] = []
    facts.on('fact', (...args) => heard.push(['first', ...args]))
    facts.on('fact', throwing)
    facts.on('fact', (...args) => heard.push(['last', ...args]))
    expect(facts.emit('fact', 1, 'b')).toBe(true)
    expect(heard).toEqual([
      ['first', 1, 'b'],
      ['last', 1, 'b'],
    ])
    expect(errors).toEqual([['fact', bug]])
  })

  test('costs nothing without a listener of listenerError', () => {
    const facts = new Announcer<Events>()
    facts.on('fact', throwing)
    expect(facts.emit('fact', 1, 'b')).toBe(true)
  })

  test('may be one of listenerError: that is the end of it', () => {
    const { announcer: facts, errors } = announcer()
    facts.on('listenerError', throwing)
    facts.on('fact', throwing)
    facts.emit('fact', 1, 'b')
    expect(errors).toEqual([['fact', bug]])
  })

  test('may be async: its rejection is told, not unhandled', async () => {
    const { announcer: facts, errors } = announcer()
    facts.on('fact', rejecting)
    facts.emit('fact', 1, 'b')
    await new Promise((resolve) => setImmediate(resolve))
    expect(errors).toEqual([['fact', bug]])
  })
})

describe('listeners', () => {
  test('of once are called once, those that leave meanwhile still hear this fact', () => {
    const facts = new Announcer<Events>()
    const heard: string[] = []
    const second = (): void => void heard.push('second')
    facts.once('fact', () => {
      heard.push('once')
      facts.off('fact', second)
    })
    facts.on('fact', second)
    facts.emit('fact', 1, 'b')
    expect(facts.emit('fact', 2, 'b')).toBe(false)
    expect(heard).toEqual(['once', 'second'])
  })

  test('have the emitter as this', () => {
    const facts = new Announcer<Events>()
    const seen: unknown[] = []
    facts.on('fact', function (this: unknown) {
      seen.push(this)
    })
    facts.emit('fact', 1, 'b')
    expect(seen).toEqual([facts])
  })
})

test('what listens to a source, and the onLost of its publisher, is told by the hub', () => {
  const hub = new Hub({ graceMs: 0 })
  const errors: string[] = []
  hub.on('listenerError', (_, event) => errors.push(event))
  const publisher = hub.publish('/live/show', { onLost: throwing })
  publisher.source.on('close', throwing)
  publisher.kick()
  hub.close()
  expect(errors).toEqual(['onLost', 'close'])
})
