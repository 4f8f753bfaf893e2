/**
 * A soak: the reference server for three minutes under publishers that come and go, 200 players over all protocols that join and leave,
 * recordings, snapshots, a changed configuration every 20 s, and 8 s in which its process stands still. In between everybody but the
 * steady publishers leaves, and what the server holds then must be the same each time.
 *
 *   npm run soak
 *   npm run soak -- --seconds 60 --seed 7
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Checks, median } from './checks.ts'
import { Random } from './random.ts'
import { SoakCrowd } from './soak-players.ts'
import { FlappingStream, openPublisher, type SoakPublisher } from './soak-publishers.ts'
import { type Held, SoakServer } from './soak-server.ts'

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' },
    players: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e6)) },
  },
})

const PLAYERS = Number(flags.players)
/** Times of load, each with a quiet one after it. */
const ROUNDS = 4
/** Length of the quiet times, ms: until the last of those who left is forgotten, and then some samples. */
const QUIET_MS = 12_000
const RELOAD_MS = 20_000
const STANDSTILL_MS = 8_000
/** What is left of the whole time. */
const LOAD_MS = Math.max(5_000, (Number(flags.seconds) * 1_000 - STANDSTILL_MS) / ROUNDS - QUIET_MS)
/** In which round it stands still, counted from 0. */
const STANDSTILL_ROUND = 2
const SAMPLES = 5
/**
 * What the server may hold more at the end than after the second round, bytes. Until then code is compiled, 1 MB; from there on the heap grows by
 * 0.1 to 0.9 MB. More than a thousand players come meanwhile: 2 kB for each of them would show.
 */
const MAX_HEAP_GROWTH = 2_000_000
const MAX_BUFFER_GROWTH = 6_000_000
/** The load generator itself stood still for so long: what it says of times, and whom it lost, is not the server's doing. */
const MAX_OWN_DELAY_MS = 3_500

const hasFfmpeg = spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0
const SYNTHETIC = ['steady0', 'steady1', 'steady2']
const CAMERA = 'camera'
const STEADY = [...SYNTHETIC, CAMERA]
const FLAPPING = ['flap0', 'flap1', 'flap2', 'flap-camera']

const checks = new Checks()
const random = new Random(Number(flags.seed))
const folder = await mkdtemp(join(tmpdir(), 'millrace-soak-'))
const configFile = join(folder, 'server.yaml')
const recordings = join(folder, 'recordings')

/** Each one differs from the last: in how streams go on, in what records them, and in which virtual hosts there are. */
async function writeConfig(version: number): Promise<void> {
  const isOdd = version % 2 === 1
  await writeFile(
    configFile,
    `logFormat: json
rtmp: { port: 0, host: 127.0.0.1 }
http: { port: 0, host: 127.0.0.1 }
hub: { graceMs: 2000, publisherWaitMs: 2000, maxLagMs: ${isOdd ? 3_000 : 4_000} }
hls: { targetDurationMs: 2000, idleMs: 1000, viewerTimeoutMs: 3000 }
record:
  directory: ${recordings}
  path: '[stream].[timestamp].mp4'
  segmentDurationMs: ${isOdd ? 11_000 : 12_000}
  apply: [live/steady0, live/${CAMERA}, live/flap-camera]
snapshots: { match: [live/${CAMERA}], intervalMs: 5000 }
${isOdd ? 'vhosts: { odd.test: { hub: { graceMs: 0 } } }' : ''}
`,
  )
}

/** When the server last went on after it stood still, ms. */
let wentOnMs = -Infinity
const stoodStillSince = (ms: number): boolean => wentOnMs > ms

async function soak(server: SoakServer): Promise<void> {
  const ownDelay = monitorEventLoopDelay({ resolution: 20 })
  ownDelay.enable()
  const steady = new Map<string, SoakPublisher>(
    STEADY.map((name) => [name, openPublisher(server.rtmpPort, name, hasFfmpeg && name === CAMERA)]),
  )
  const flapping = FLAPPING.map((name) => {
    const withFfmpeg = hasFfmpeg && name.endsWith(CAMERA)
    return new FlappingStream(() => openPublisher(server.rtmpPort, name, withFfmpeg), random, stoodStillSince)
  })
  const crowd = new SoakCrowd({
    server,
    players: PLAYERS,
    steady: STEADY,
    flapping: FLAPPING,
    random,
    stoodStillSince,
  })

  let version = 0
  const reloading = setInterval(() => {
    void writeConfig(++version).then(() => server.signal('SIGHUP'))
  }, RELOAD_MS)

  const quiet: Held[] = []
  for (let round = 0; round < ROUNDS && server.ended === undefined; round++) {
    for (const stream of flapping) stream.enter()
    crowd.enter()
    await sleep(LOAD_MS / 2)
    if (round === STANDSTILL_ROUND) await standStill(server)
    await sleep(LOAD_MS / 2)
    await Promise.all([crowd.leave(), ...flapping.map((stream) => stream.leave())])
    quiet.push(await rest(server))
    const { heap, external, resident, descriptors } = quiet.at(-1)!
    console.log(
      `round ${round + 1}: ${crowd.joins} joins so far; heap ${mb(heap)}, buffers ${mb(external)}, resident ${mb(resident)}, ${descriptors} descriptors`,
    )
  }
  clearInterval(reloading)
  ownDelay.disable()

  const lost = [...steady].filter(([, publisher]) => publisher.lost).map(([name]) => name)
  const left = server
    .all('unpublish')
    .filter(({ stream }) => STEADY.includes(String(stream).slice('/live/'.length)))
  const picture = await snapshot(server)
  for (const publisher of steady.values()) await publisher.close()
  checks.check('the server runs', server.ended === undefined, String(server.ended ?? ''))
  const isPrompt = await server.stop()
  checks.check('it ends within 10 s, with 0', isPrompt && server.ended === 0, String(server.ended))
  checks.none('no unhandled rejection, no warning, no line that is none', server.complaints)

  const ends = new Map<string, number>()
  for (const { code, reason } of server.all('close')) {
    const why = `${code}: ${reason}`
    ends.set(why, (ends.get(why) ?? 0) + 1)
  }
  for (const [why, count] of ends) console.log(`${count} RTMP connections ended by ${why}`)
  const ownDelayMs = ownDelay.max / 1e6
  if (ownDelayMs > MAX_OWN_DELAY_MS) {
    const why = `the load generator stood still for ${Math.round(ownDelayMs)} ms`
    for (const what of ['publishers', 'players']) checks.skip(`no ${what} lost`, why)
  } else {
    checks.none('no steady publisher lost', lost)
    checks.none(
      'no steady stream unpublished',
      left.map(({ time, stream, reason }) => `${time} ${stream} ${reason}`),
    )
    const losses = flapping.reduce((sum, stream) => sum + stream.losses, 0)
    const publishes = flapping.reduce((sum, stream) => sum + stream.publishes, 0)
    checks.check('no flapping publisher lost', losses === 0, `${losses} of ${publishes}`)
    checks.none('no player of a steady stream ended', crowd.lost)
    checks.none('no player of a steady stream without media', crowd.starved)
  }
  for (const [protocol, count] of crowd.served)
    checks.check(`players over ${protocol}`, count > 0, `${count}`)
  judgeMemory(quiet)
  await judgeWork(server, version, picture)
}

/** As a paused machine, or one that swaps. */
async function standStill(server: SoakServer): Promise<void> {
  server.signal('SIGSTOP')
  // Whoever comes meanwhile has waited as well.
  wentOnMs = Infinity
  await sleep(STANDSTILL_MS)
  server.signal('SIGCONT')
  wentOnMs = performance.now()
}

/** Waits until the server has forgotten all who left. @returns what it holds then. */
async function rest(server: SoakServer): Promise<Held> {
  const endMs = performance.now() + QUIET_MS
  const isQuiet = await server.until(async () => {
    const metrics = await server.metrics()
    const players = Array.from(metrics).filter(([name]) => /^millrace_clients\{.*role="play/.test(name))
    const streams = metrics.get('millrace_streams{vhost="__defaultVhost__",state="waiting"}')
    return players.every(([, count]) => count === 0) && streams === 0
  }, QUIET_MS)
  checks.check('all who left are forgotten', isQuiet)
  await sleep(Math.max(0, endMs - performance.now() - SAMPLES * 500))
  const samples: Held[] = []
  for (let i = 0; i < SAMPLES && server.ended === undefined; i++) {
    samples.push(await server.held())
    await sleep(300)
  }
  const middle = (pick: (held: Held) => number): number => median(samples.map(pick))
  return {
    heap: middle(({ heap }) => heap),
    external: middle(({ external }) => external),
    resident: middle(({ resident }) => resident),
    descriptors: middle(({ descriptors }) => descriptors),
  }
}

function judgeMemory(quiet: readonly Held[]): void {
  const first = quiet[1]
  const last = quiet.at(-1)
  if (quiet.length < ROUNDS || first === undefined || last === undefined) {
    checks.check('memory is flat', false, 'the server did not come to the end')
    return
  }
  const growth = (pick: (held: Held) => number): string => quiet.map((held) => mb(pick(held))).join(' → ')
  checks.check(
    'the heap is flat',
    last.heap - first.heap < MAX_HEAP_GROWTH,
    growth(({ heap }) => heap),
  )
  checks.check(
    'buffers are flat',
    last.external - first.external < MAX_BUFFER_GROWTH,
    growth(({ external }) => external),
  )
  const descriptors = quiet.map((held) => held.descriptors)
  checks.check(
    'descriptors are flat',
    Math.max(...descriptors) - Math.min(...descriptors) <= 8,
    descriptors.join(' → '),
  )
}

async function judgeWork(server: SoakServer, reloads: number, picture: string | undefined): Promise<void> {
  checks.none(
    'no reload failed',
    server.all('reload-failed').map(({ fault }) => String(fault)),
  )
  const applied = server.all('reload').length
  checks.check('reloads', applied >= reloads - 1 && applied > 0, `${applied} of ${reloads}`)
  for (const event of ['sending-failed', 'admission-failed', 'hls-store-failed', 'record-failed'])
    checks.none(
      `no ${event}`,
      server.all(event).map((fields) => JSON.stringify(fields)),
    )
  const files = await readdir(recordings)
  const whole = files.filter((name) => name.endsWith('.mp4'))
  checks.check('recordings', whole.length > 3, `${whole.length} files`)
  checks.none(
    'no recording unfinished',
    files.filter((name) => !name.endsWith('.mp4')),
  )
  if (!hasFfmpeg) {
    checks.skip('snapshots and recordings that play', 'there is no ffmpeg')
    return
  }
  checks.check('a snapshot', picture === undefined, picture)
  const broken = whole.filter((name) => name.includes(CAMERA) && !plays(join(recordings, name)))
  checks.none('recordings of cameras play', broken)
}

/** @returns what is wrong with the picture of the camera. */
async function snapshot({ httpUrl }: SoakServer): Promise<string | undefined> {
  const response = await fetch(`${httpUrl}/live/${CAMERA}.jpg`)
  const bytes = new Uint8Array(await response.arrayBuffer())
  // SOI of a JPEG
  return response.status === 200 && bytes[0] === 0xff && bytes[1] === 0xd8 ? undefined : `${response.status}`
}

function plays(file: string): boolean {
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 'null', '-'], {
    encoding: 'utf8',
  })
  if (status !== 0 || stderr !== '') console.log(`${file}: ${stderr}`)
  return status === 0
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

console.log(`seed ${flags.seed}, ${PLAYERS} players, ${ROUNDS} rounds of ${LOAD_MS / 1_000} s`)
await writeConfig(0)
const server = await SoakServer.start(configFile)
try {
  await soak(server)
} catch (error) {
  checks.check('the soak came to its end', false, String(error))
  await server.stop()
  for (const line of server.complaints.slice(-20)) console.log(line)
}
await rm(folder, { recursive: true, force: true })
process.exit(checks.summarize() ? 0 : 1)
