import { Hub, VirtualClock } from 'millrace/hub'
import { describe, expect, it } from 'vitest'
import {
  commandInfoOf,
  CommandTemplate,
  environmentOf,
} from '../../../src/services/ffmpeg/command-template.ts'
import { request as requestOf } from '../requests.ts'

function factsOf(streamPath: string, request: Parameters<typeof requestOf>[0] = {}) {
  const publisher = new Hub({}, new VirtualClock()).publish('/live/show', { request: requestOf(request) })
  // Also names that no hub has.
  return commandInfoOf('example.com', Object.defineProperty(publisher, 'streamPath', { value: streamPath }))
}

function expand(words: readonly string[], streamPath: string): readonly string[] {
  const { command, args } = new CommandTemplate(['run', ...words]).expand(factsOf(streamPath))
  expect(command).toBe('run')
  return args
}

describe('an ordinary name', () => {
  it('is filled in as it is, in whole arguments and in parts', () => {
    expect(
      expand(['--app=[app]', '[stream]', 'x/[app]/[stream].flv', '[vhost]', '[other'], '/live/a/show_1.0-b~'),
    ).toEqual(['--app=live/a', 'show_1.0-b~', 'x/live/a/show_1.0-b~.flv', 'example.com', '[other'])
  })
})

describe('a hostile name', () => {
  it.each([
    ['-i', '%2Di'],
    ['--help', '%2D-help'],
    ['..', '%2E%2E'],
    ['.', '%2E'],
    [';rm -rf ~', '%3Brm%20-rf%20~'],
    ['$(id)`id`', '%24%28id%29%60id%60'],
    ['a\nb\0c', 'a%0Ab%00c'],
    ['*?[x]', '%2A%3F%5Bx%5D'],
    ['%2e%2e', '%252e%252e'],
    ['[app]', '%5Bapp%5D'],
    ['été', '%C3%A9t%C3%A9'],
    ['\ud800', '%EF%BF%BD'],
    ['', ''],
  ])('%j is one harmless argument', (name, argument) => {
    expect(expand(['[stream]'], `/live/${name}`)).toEqual([argument])
  })

  it('leads nowhere else as a path', () => {
    expect(expand(['/rec/[app]/[stream].flv'], '/live/../../etc/..')).toEqual([
      '/rec/live/%2E%2E/%2E%2E/etc/%2E%2E.flv',
    ])
  })

  it('may begin with a dash where an argument does not', () => {
    expect(expand(['rtmp://h/[stream]', '-[stream]', '[param]'], '/live/-i')).toEqual([
      'rtmp://h/-i',
      '--i',
      '',
    ])
  })

  it('is in the environment as it came, but for what no environment can hold', () => {
    const environment = environmentOf(
      factsOf('/live/-i;\0$(id)', { param: '?key=1', remoteAddress: '192.0.2.9' }),
    )
    expect(environment).toMatchObject({
      MILLRACE_STREAM: '-i;$(id)',
      MILLRACE_APP: 'live',
      MILLRACE_PARAM: '?key=1',
      MILLRACE_IP: '192.0.2.9',
    })
    expect(Object.keys(environment)).toContain('MILLRACE_PAGE_URL')
  })
})

it('URLs of the peer are URLs, and no options', () => {
  const facts = factsOf('/live/show', { url: '-x "y"\n', param: '?a=b&c=%20 ' })
  const { args } = new CommandTemplate(['run', '[tcUrl]', '[url]', '[param]']).expand(facts)
  expect(args).toEqual(['%2Dx%20%22y%22%0A', '%2Dx%20%22y%22%0A/show', '?a=b&c=%20%20'])
})

it('a publisher of the application itself has no peer', () => {
  const hub = new Hub({}, new VirtualClock())
  const facts = commandInfoOf('v', hub.publish('/live/show'))
  expect(facts).toMatchObject({ vhost: 'v', app: 'live', stream: 'show', url: '', ip: '', param: '' })
})

it.each([[['[stream]']], [['/bin/[app]']], [['run', '[name]']]])('%j is refused', (words) => {
  expect(() => new CommandTemplate(words)).toThrow(TypeError)
})
