/** Virtual hosts that come, change and go while streams run. */
import { type AccessRequest, Hub, type HubOptions } from 'millrace/hub'
import { VhostHubs, type VhostSettings } from 'millrace/services/vhosts'
import { describe, expect, it, onTestFinished } from 'vitest'

function vhostHubs(...settings: [string, VhostSettings][]): VhostHubs {
  const vhosts = new VhostHubs()
  onTestFinished(() => vhosts.close())
  vhosts.apply(settings)
  return vhosts
}

const graceMs = (ms: number): HubOptions => ({ graceMs: ms })

describe('a name', () => {
  it.each([
    ['a.example.com', 'a.example.com'],
    ['A.Example.COM.', 'a.example.com'],
    ['cdn.example.net', 'a.example.com'],
    ['x.wild.example', 'wild'],
    ['y.x.wild.example', 'wild'],
    ['deep.x.deep.wild.example', 'deeper'],
    // A star stands for something.
    ['wild.example', '__defaultVhost__'],
    ['192.0.2.1', '__defaultVhost__'],
    ['', '__defaultVhost__'],
    ['a.example.com.evil', '__defaultVhost__'],
    [`${'a.'.repeat(10_000)}wild.example`, '__defaultVhost__'],
    ['__proto__', '__defaultVhost__'],
  ])('%j is answered by %s', (host, name) => {
    const vhosts = vhostHubs(
      ['__defaultVhost__', {}],
      ['a.example.com', { aliases: ['CDN.example.net'] }],
      ['wild', { aliases: ['*.wild.example'] }],
      ['deeper', { aliases: ['*.deep.wild.example'] }],
    )
    expect(vhosts.nameOf(host)).toBe(name)
    expect(vhosts.find(host)).toBe(vhosts.get(name))
    expect(vhosts.resolve({ vhost: host } as AccessRequest)).toBe(vhosts.get(name))
  })

  it('that nobody has is answered by nobody where there is no fallback', () => {
    const strict = new VhostHubs({ fallback: undefined })
    strict.apply([['a', {}]])
    expect(strict.find('b')).toBeUndefined()
    expect(vhostHubs(['a', {}]).find('b')).toBeUndefined()
    const other = new VhostHubs({ fallback: 'a' })
    other.apply([['a', {}]])
    expect(other.nameOf('b')).toBe('a')
  })

  it.each<[string, [string, VhostSettings][]]>([
    ['duplicate virtual host a', [['a', {}], ['a', {}]]], // prettier-ignore
    ['B.example is a name of both a and b', [['a', { aliases: ['b.example'] }], ['b', { aliases: ['B.example'] }]]], // prettier-ignore
    ['"" is not a valid virtual host name', [['', {}]]],
    ['"a.*" is not a valid virtual host name', [['a', { aliases: ['a.*'] }]]],
    ['"*." is not a valid virtual host name', [['a', { aliases: ['*.'] }]]],
  ])('is refused: %s', (message, settings) => {
    const vhosts = vhostHubs(['kept', {}])
    expect(() => vhosts.apply(settings)).toThrow(new TypeError(message))
    expect(Array.from(vhosts, ([name]) => name)).toEqual(['kept'])
  })
})

describe('a change', () => {
  it('adds, changes and removes, and leaves the rest alone', () => {
    const vhosts = vhostHubs(
      ['same', { options: graceMs(5), aliases: ['s'] }],
      ['other', { options: graceMs(5) }],
      ['named', {}],
      ['gone', {}],
    )
    const before = new Map(vhosts)
    const publishers = Array.from(vhosts, ([name, hub]) => [name, hub.publish('/live/show')] as const)
    const facts: string[] = []
    vhosts.on('open', (name, hub) => facts.push(`open ${name} ${hub.closed} ${vhosts.get(name) === hub}`))
    vhosts.on('close', (name, hub) => facts.push(`close ${name} ${hub.closed} ${vhosts.get(name) === hub}`))
    const changes = vhosts.apply([
      ['new', {}],
      ['other', { options: graceMs(7) }],
      ['same', { options: graceMs(5), aliases: ['s'] }],
      ['named', { aliases: ['n'] }],
    ])
    expect(changes).toEqual({ added: ['new'], changed: ['other', 'named'], removed: ['gone'] })
    expect(facts).toEqual(['open new false false', 'close gone true false'])
    expect(Array.from(vhosts, ([name]) => name)).toEqual(['new', 'other', 'same', 'named'])
    for (const name of ['other', 'same', 'named']) expect(vhosts.get(name)).toBe(before.get(name))
    expect(vhosts.nameOf('n')).toBe('named')
    expect(publishers.filter(([, { ended }]) => ended).map(([name]) => name)).toEqual(['gone'])
  })

  it('takes back options that are not given any more', async () => {
    const signal = new AbortController().signal
    const origin = new Hub()
    const source = origin.publish('/live/a').source
    const vhosts = vhostHubs([
      'a',
      {
        options: {
          maxSources: 1,
          authorize: () => false,
          resolveSource: () => Promise.resolve(source),
          publisherWaitMs: 0,
        },
      },
    ])
    const hub = vhosts.get('a')!
    hub.publish('/live/a')
    expect(() => hub.publish('/live/b')).toThrow('at most 1')
    expect(await hub.findSource('/live/c', signal)).toBe(source)
    vhosts.apply([['a', { options: { publisherWaitMs: 0 } }]])
    expect(() => hub.publish('/live/b')).not.toThrow()
    expect(await hub.authorize({ streamPath: '/live/a' } as unknown as AccessRequest, signal)).toMatchObject({
      type: 'accept',
    })
    expect(await hub.findSource('/live/c', signal)).toBeUndefined()
    origin.close()
  })

  it('of which one option is wrong changes nothing', () => {
    const vhosts = vhostHubs(['a', {}], ['b', {}])
    const hub = vhosts.get('a')
    expect(() => vhosts.apply([['c', {}], ['b', { options: { gops: 0 } }]])).toThrow(RangeError) // prettier-ignore
    expect(Array.from(vhosts, ([name]) => name)).toEqual(['a', 'b'])
    expect(hub?.closed).toBe(false)
  })
})

it('a hub that comes again is a new one', () => {
  const vhosts = vhostHubs(['a', {}])
  const before = vhosts.get('a')
  vhosts.apply([])
  vhosts.apply([['a', {}]])
  expect(before?.closed).toBe(true)
  expect(vhosts.get('a')?.closed).toBe(false)
})

it('all are closed for good', () => {
  const vhosts = vhostHubs(['a', {}])
  const hub = vhosts.get('a')
  vhosts.close()
  vhosts.close()
  expect(hub?.closed).toBe(true)
  expect(vhosts.find('a')).toBeUndefined()
  expect(() => vhosts.apply([])).toThrow(RangeError)
})
