import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, parseConfig } from '../../examples/server/config/config.ts'
import type { VhostConfig } from '../../examples/server/config/vhost-sections.ts'
import { readText } from '../support/project.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Of the virtual host of everybody, and what the library does without options. */
const DEFAULT_SECTIONS = {
  hub: {
    graceMs: 10_000,
    publisherWaitMs: 3_000,
    secondPublisher: 'refuse',
    start: 'gop',
    gops: 1,
    maxLagMs: 3_000,
    minFlushIntervalMs: 0,
    maxCacheMs: 30_000,
    maxNameBytes: 256,
    atc: false,
  },
  hls: {
    mode: 'on-demand',
    targetDurationMs: 4_000,
    sessions: true,
    maxViewersPerAddress: 1_000,
    endListMs: 60_000,
    firstSegmentWaitMs: 15_000,
    idleMs: 60_000,
    viewerTimeoutMs: 30_000,
    variants: 'renditions',
  },
  publishKeys: undefined,
  access: { addressOrder: 'in-order' },
  callbacks: undefined,
}

/** What a file says of the virtual host `a`. */
const sectionsOfA = (text: string): VhostConfig =>
  parseConfig(text).vhosts.find(({ name }) => name === 'a')!.config

/** The lines of the complaint about a file. */
function faults(text: string): string[] {
  try {
    parseConfig(text, 'server.yaml')
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('a file', () => {
  it.each(['', '# nothing but a comment\n', '{}', 'rtmp: {}\nhttp: {}\nhub: {}\nhls: {}\n'])(
    'that says nothing (%j) gives the defaults',
    (text) => {
      expect(parseConfig(text)).toEqual({
        rtmp: {
          port: 1935,
          proxyProtocol: false,
          maxConnections: 20_000,
          handshakeTimeoutMs: 10_000,
          commandTimeoutMs: 30_000,
          firstMediaTimeoutMs: 20_000,
          mediaTimeoutMs: 5_000,
          pingIntervalMs: 20_000,
          pingTimeoutMs: 20_000,
          stallTimeoutMs: 60_000,
        },
        http: {
          enabled: true,
          port: 8080,
          trustProxy: false,
          maxViewers: 20_000,
          stallTimeoutMs: 60_000,
          cors: '*',
        },
        api: { enabled: true, authentication: 'loopback', jsonp: false },
        metrics: {
          enabled: true,
          authentication: 'loopback',
          path: '/metrics',
          maxStreamLabels: 200,
          srsNames: false,
        },
        page: { enabled: true },
        watch: false,
        logFormat: 'text',
        drainMs: 10_000,
        vhosts: [
          {
            name: '__defaultVhost__',
            aliases: [],
            config: expect.objectContaining(DEFAULT_SECTIONS) as unknown,
          },
        ],
      })
    },
  )

  it('may be YAML or JSON', () => {
    const json = '{"rtmp":{"port":0},"hub":{"gops":2},"publishKeys":[{"key":"a","stream":"/live/b"}]}'
    const yaml = 'rtmp:\n  port: 0\nhub: { gops: 2 }\npublishKeys:\n  - key: a\n    stream: /live/b\n'
    expect(parseConfig(yaml)).toEqual(parseConfig(json))
    expect(parseConfig(json)).toMatchObject({
      rtmp: { port: 0 },
      vhosts: [{ config: { hub: { gops: 2 }, publishKeys: [{ key: 'a' }] } }],
    })
  })

  it('as the guide shows it is taken', () => {
    const [, yaml] = /```yaml\n(rtmp:[\s\S]*?)```/.exec(readText('docs/guides/server.md'))!
    const config = parseConfig(yaml!)
    expect(config.rtmp.tls).toEqual({ cert: '/etc/millrace/cert.pem', key: '/etc/millrace/key.pem' })
    expect(config.vhosts[0]!.config.publishKeys).toHaveLength(1)
  })

  it('is read from disk, or not', async () => {
    const path = join(await tempFolder(), 'server.yaml')
    expect(() => loadConfig(path)).toThrow(/^cannot read .*server\.yaml: ENOENT/)
    await writeFile(path, 'rtmp: { port: 19350 }')
    expect(loadConfig(path).rtmp.port).toBe(19_350)
    await writeFile(path, 'rtmp: { prt: 19350 }')
    expect(() => loadConfig(path)).toThrow(`${path}:1: unknown key rtmp.prt, did you mean port?`)
  })
})

describe('a virtual host', () => {
  it('has what the top of the file has, key by key', () => {
    const { hub, callbacks, access } = sectionsOfA(`
hub: { gops: 2, graceMs: 1 }
access: { addresses: [deny all all], limits: { maxPlayers: 3 } }
callbacks: { secret: shared, urls: { on_play: http://x/ } }
vhosts:
  a: { hub: { graceMs: 7 }, callbacks: { maxAttempts: 9 }, access: { limits: { maxStreams: 2 } } }
`)
    expect(hub).toMatchObject({ gops: 2, graceMs: 7, start: 'gop' })
    expect(callbacks).toMatchObject({ secret: 'shared', urls: { on_play: 'http://x/' }, maxAttempts: 9 })
    expect(access).toEqual({
      addresses: ['deny all all'],
      addressOrder: 'in-order',
      limits: { maxStreams: 2 },
    })
  })

  it('switches off what the top of the file has', () => {
    const sections = sectionsOfA(`
publishKeys: [{ key: k, stream: /live/show }]
callbacks: { urls: { on_play: http://x/ } }
access: { referers: { play: [x.test] }, signedUrls: { secret: s }, limits: { maxPlayers: 3 } }
vhosts:
  a: { publishKeys: false, callbacks: false, hls: false, access: { signedUrls: false, limits: false } }
`)
    expect(sections).toMatchObject({ publishKeys: undefined, callbacks: undefined, hls: undefined })
    expect(sections.access).toEqual({ referers: { play: ['x.test'] }, addressOrder: 'in-order' })
    expect(
      sectionsOfA('access: { limits: { maxPlayers: 3 } }\nvhosts: { a: { access: false } }').access,
    ).toBe(undefined)
  })

  it('has a folder of its own in that of the top', () => {
    const yaml = (own: string): string => `hls: { directory: /hls }\nvhosts: { a: ${own} }`
    expect(sectionsOfA(yaml('{}')).hls?.directory).toBe('/hls/a')
    expect(sectionsOfA(yaml('{ hls: { windowMs: 5 } }')).hls).toMatchObject({
      directory: '/hls/a',
      windowMs: 5,
    })
    expect(sectionsOfA(yaml('{ hls: { directory: /b } }')).hls?.directory).toBe('/b')
  })
})

describe('a fault', () => {
  it.each([
    // An unknown key: the nearest known one of its own section, if one is near.
    ['rtmp:\n  prot: 1935\n', 'server.yaml:2: unknown key rtmp.prot, did you mean port?'],
    ['http:\n  trustproxy: true\n', 'server.yaml:2: unknown key http.trustproxy, did you mean trustProxy?'],
    ['hub:\n\n  # why\n  grace: 5\n', 'server.yaml:4: unknown key hub.grace, did you mean graceMs?'],
    ['hlss: {}\n', 'server.yaml:1: unknown key hlss, did you mean hls?'],
    ['zzzzzz: {}\n', 'server.yaml:1: unknown key zzzzzz'],
    [
      'http:\n  tls:\n    cert: a\n    key: b\n    crt: c\n',
      'server.yaml:5: unknown key http.tls.crt, did you mean cert?',
    ],
    [
      'publishKeys:\n  - key: a\n    stream: /live/b\n  - key: c\n    stream: /live/d\n    steam: e\n',
      'server.yaml:6: unknown key publishKeys.1.steam, did you mean stream?',
    ],
    ['__proto__: {}\n', 'server.yaml:1: unknown key __proto__'],
    ['{"rtmp":\n{"port":1,\n"x":2}}', 'server.yaml:3: unknown key rtmp.x'],
    // A wrong value.
    ['rtmp:\n  port: 65536\n', 'server.yaml:2: rtmp.port: Too big: expected number to be <=65535'],
    ['rtmp:\n  port: -1\n', 'server.yaml:2: rtmp.port: Too small: expected number to be >=0'],
    ['rtmp:\n  port: 1.5\n', 'server.yaml:2: rtmp.port: Invalid input: expected int, received number'],
    ['rtmp:\n  port: "1935"\n', 'server.yaml:2: rtmp.port: Invalid input: expected number, received string'],
    ['rtmp: 1935\n', 'server.yaml:1: rtmp: Invalid input: expected object, received number'],
    [
      'hls:\n  mode: sometimes\n',
      'server.yaml:2: hls.mode: Invalid option: expected one of "off"|"on-demand"|"always"',
    ],
    [
      'hls:\n  targetDurationMs: 0\n',
      'server.yaml:2: hls.targetDurationMs: Too small: expected number to be >0',
    ],
    [
      'http:\n  tls: { cert: a }\n',
      'server.yaml:2: http.tls.key: Invalid input: expected string, received undefined',
    ],
    [
      'publishKeys:\n  - key: a\n    stream: show\n',
      'server.yaml:3: publishKeys.0.stream: must look like /app/name',
    ],
    [
      'publishKeys:\n  - stream: /a/b\n    key: ""\n',
      'server.yaml:3: publishKeys.0.key: Too small: expected string to have >=1 characters',
    ],
    [
      'access:\n  limits:\n    maxStream: 3\n',
      'server.yaml:3: unknown key access.limits.maxStream, did you mean maxStreams?',
    ],
    [
      'access:\n  signedUrls: { actions: [play] }\n',
      'server.yaml:2: access.signedUrls.secret: must be a secret or a list of secrets',
    ],
    [
      'api:\n  authentication: nobody\n',
      'server.yaml:2: api.authentication: must be loopback, none, { token }, { username, password } or a list of these two',
    ],
    [
      'callbacks:\n  urls:\n    on_publish: ftp://x/\n',
      'server.yaml:3: callbacks.urls.on_publish: must be an http or https URL',
    ],
    [
      'callbacks:\n  urls:\n    on_publsh: http://x/\n',
      'server.yaml:3: unknown key callbacks.urls.on_publsh, did you mean on_publish?',
    ],
    [
      'vhosts:\n  a.example:\n    hbu: {}\n',
      'server.yaml:3: unknown key vhosts.a.example.hbu, did you mean hub?',
    ],
    [
      'vhosts:\n  a.example:\n    hub: { gop: 2 }\n',
      'server.yaml:3: unknown key vhosts.a.example.hub.gop, did you mean gops?',
    ],
    [
      'vhosts:\n  a: { aliases: [c] }\n  b: { aliases: [C] }\n',
      'server.yaml:3: vhosts.b: C is a name of both a and b',
    ],
    [
      'vhosts:\n  __defaultVhost__: {}\n',
      'server.yaml:2: vhosts.__defaultVhost__: duplicate virtual host __defaultVhost__',
    ],
    [
      'vhosts:\n  a:\n    callbacks: { secret: x }\n',
      'server.yaml:3: vhosts.a.callbacks.urls: Invalid input: expected object, received undefined',
    ],
    [
      'access:\n  limits:\n    bitrate: { maxKbps: 0 }\n',
      'server.yaml:3: access.limits.bitrate.maxKbps: Too small: expected number to be >0',
    ],
    [
      'vhosts:\n  a:\n    access:\n      limits: true\n',
      'server.yaml:4: vhosts.a.access.limits: Invalid input: expected object, received boolean',
    ],
    // A wrong value in one of several forms.
    [
      'callbacks:\n  urls:\n    on_publish: 5\n',
      'server.yaml:3: callbacks.urls.on_publish: must be an http or https URL',
    ],
    [
      'callbacks:\n  urls:\n    on_publish:\n      - http://a/\n      - 5\n',
      'server.yaml:5: callbacks.urls.on_publish.1: must be an http or https URL',
    ],
    [
      'transcode:\n  engines:\n    - { name: a, outputs: [{ name: b, stream: "[app]/x", video: { codec: libx264, options: { a: true } } }] }\n',
      'server.yaml:3: transcode.engines.0.outputs.0.video.options.a: Invalid input: expected string or number, received boolean',
    ],
    [
      'api:\n  authentication:\n    token: 5\n',
      'server.yaml:3: api.authentication.token: Invalid input: expected string, received number',
    ],
    [
      'api:\n  authentication:\n    - token: t\n    - username: a\n      password: 5\n',
      'server.yaml:5: api.authentication.1.password: Invalid input: expected string, received number',
    ],
    [
      'api:\n  authentication:\n    user: a\n',
      'server.yaml:3: api.authentication: must be loopback, none, { token }, { username, password } or a list of these two',
    ],
    [
      'forward:\n  targets:\n    - url: 5\n',
      'server.yaml:3: forward.targets.0.url: Invalid input: expected string, received number',
    ],
    [
      'forward:\n  targets:\n    - url: rtmp://a/b\n      nmae: c\n',
      'server.yaml:4: unknown key forward.targets.0.nmae, did you mean name?',
    ],
    [
      'vhosts:\n  a:\n    forward:\n      targets: [{ url: 5 }]\n',
      'server.yaml:4: vhosts.a.forward.targets.0.url: Invalid input: expected string, received number',
    ],
    // Values that do not go together, and values that a header or URL cannot have.
    ['api:\n  jsonp: true\n', 'server.yaml:2: api.jsonp: needs credentials in api.authentication'],
    [
      'access:\n  signedUrls:\n    secret: x\n    scheme: nms\n    bindAddress: true\n',
      'server.yaml:5: access.signedUrls.bindAddress: signatures of nms have no address',
    ],
    [
      'publishKeys:\n  - key: a\n    stream: /live/b\n  - key: a\n    stream: /live/c\n',
      'server.yaml:4: publishKeys.1.key: stands here twice',
    ],
    [
      'ingest:\n  inputs:\n    - { name: a, stream: /live/a, file: x }\n    - { name: a, stream: /live/b, file: x }\n',
      'server.yaml:4: ingest.inputs.1.name: another input has the same',
    ],
    [
      'ingest:\n  inputs:\n    - { name: a, stream: /live/a, file: x }\n    - { name: b, stream: /live/a, file: x }\n',
      'server.yaml:4: ingest.inputs.1.stream: another input has the same',
    ],
    [
      'ingest:\n  inputs:\n    - { name: a, stream: /live/a, file: x, video: none, audio: none }\n',
      'server.yaml:3: ingest.inputs.0: has neither video nor audio',
    ],
    [
      'access:\n  referers:\n    play: [https://example.com/]\n',
      'server.yaml:3: access.referers.play.0: must be a domain such as example.com',
    ],
    [
      'http:\n  cors: "a\\nb"\n',
      'server.yaml:2: http.cors: must be *, or an origin such as https://example.com',
    ],
    [
      'callbacks:\n  urls: {}\n  headers: { X-Key: "a\\nb" }\n',
      'server.yaml:3: callbacks.headers.X-Key: has characters that no header may have',
    ],
    [
      'callbacks:\n  urls: {}\n  headers: { a key: b }\n',
      'server.yaml:3: callbacks.headers.a key: is not a header name',
    ],
    [
      'callbacks:\n  urls: {}\n  hlsUrlPrefix: "https://["\n',
      'server.yaml:3: callbacks.hlsUrlPrefix: must be the beginning of a URL',
    ],
    // No configuration at all.
    ['- a\n- b\n', 'server.yaml: the file: Invalid input: expected object, received array'],
    ['just words\n', 'server.yaml: the file: Invalid input: expected object, received string'],
  ])('in %j is told with its line', (text, fault) => {
    expect(faults(text)).toEqual([fault])
  })

  it.each(['alow play all', 'deny all 10.0.0.0/33', 'deny all'])(
    'in the rule %j is told with its line',
    (rule) => {
      const [fault] = faults(`access:\n  addresses:\n    - allow play all\n    - ${rule}\n`)
      expect(fault).toMatch(
        /^server\.yaml:4: access\.addresses\.1: ".*" is not "allow\|deny publish\|play\|all ADDRESS"/,
      )
    },
  )

  it('does not hide the others', () => {
    expect(faults('rtmp:\n  prot: 1\nhttp:\n  port: x\nhub:\n  gops: 0\n').toSorted()).toEqual([
      'server.yaml:2: unknown key rtmp.prot, did you mean port?',
      'server.yaml:4: http.port: Invalid input: expected number, received string',
      'server.yaml:6: hub.gops: Too small: expected number to be >0',
    ])
  })

  it.each(['rtmp: {', 'rtmp:\n\tport: 1', 'a: 1\na: 2', '"unfinished'])(
    'in the syntax of %j is told with its place',
    (text) => {
      const [first] = faults(text)
      expect(first).toMatch(/^server\.yaml: .* at line \d, column \d/)
    },
  )

  it('never shows the value of a stream key', () => {
    const text = 'publishKeys:\n  - key: [s3cret]\n    stream: s3cret\n'
    expect(faults(text).join()).not.toContain('s3cret')
  })
})
