/**
 * Measures the fan-out of the built package over loopback, beside the floor: bare writes of the same bytes.
 *
 *   npm run bench:fanout                                        1000 RTMP players, default profile
 *   npm run bench:fanout -- --players 200,500,1000 --profile default,balanced,throughput --protocol rtmp,flv,ws
 *   npm run bench:fanout -- --servers millrace,floor,bare --rounds 5 --json out.json
 *   npm run bench:fanout -- --servers millrace --players 0 --publishers 200       ingest alone
 *   npm run bench:fanout -- --servers millrace --idle --players 1000              players of a stream that nobody publishes
 *   npm run bench:fanout -- --servers millrace --node-flag --cpu-prof             a profile of the server
 *
 * The contestants take turns, round after round, so that a machine that slows down slows all of them. A figure is the median
 * of the rounds; the spread is their lowest and highest. On Linux with `taskset` the server has one core and the load
 * generator another.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type Measurement, measure, type Plan } from './measure.ts'
import { describe, summarize } from './report.ts'
import { CAN_PIN, pinSelf } from './server-process.ts'
import type { Protocol, ServerSettings } from './settings.ts'

const { values: options } = parseArgs({
  options: {
    players: { type: 'string', default: '1000' },
    profile: { type: 'string', default: 'default' },
    protocol: { type: 'string', default: 'rtmp' },
    servers: { type: 'string', default: 'millrace,floor' },
    publishers: { type: 'string', default: '1' },
    idle: { type: 'boolean', default: false },
    bitrate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    joins: { type: 'string', default: '200' },
    'node-flag': { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
  },
})

/** Least time between two flushes, ms. A number stands for itself. */
const PROFILES: Readonly<Record<string, number>> = { default: 0, balanced: 100, throughput: 350 }

/** Names of servers, with what they do otherwise than `millrace`. */
const SERVERS: Readonly<Record<string, Pick<ServerSettings, 'kind' | 'perMessage' | 'perPlayer'>>> = {
  millrace: { kind: 'millrace', perMessage: false, perPlayer: false },
  floor: { kind: 'floor', perMessage: false, perPlayer: false },
  bare: { kind: 'bare', perMessage: false, perPlayer: false },
  'bare-own-bytes': { kind: 'bare', perMessage: false, perPlayer: true },
  'bare-messages': { kind: 'bare', perMessage: true, perPlayer: false },
  'bare-messages-own-bytes': { kind: 'bare', perMessage: true, perPlayer: true },
}

interface Contestant {
  readonly name: string
  readonly profile: string
  readonly players: number
  readonly plan: Plan
  readonly rounds: Measurement[]
}

function list(text: string): string[] {
  return text.split(',').filter((part) => part !== '')
}

function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined
  if (found === undefined) throw new RangeError(`${name}: one of ${Object.keys(table).join(', ')}`)
  return found
}

function flushMsOf(profile: string): number {
  return /^\d+$/.test(profile) ? Number(profile) : lookUp(PROFILES, profile)
}

/** Contestants that are compared with one another: the same profile and number of players. */
function contestants(profile: string, players: number): Contestant[] {
  const kbps = Number(options.bitrate)
  return list(options.servers).flatMap((name) => {
    const server: ServerSettings = { ...lookUp(SERVERS, name), flushMs: flushMsOf(profile), kbps }
    const isBare = server.kind !== 'millrace'
    // The bare fan-outs answer whatever comes with FLV.
    return (isBare ? (['flv'] as const) : protocols).map((protocol) => ({
      name: isBare ? name : `${name} ${protocol}`,
      profile,
      players,
      plan: {
        server,
        protocol,
        players,
        publishers: Number(options.publishers),
        idle: options.idle,
        kbps,
        seconds: Number(options.seconds),
        joinsPerSecond: Number(options.joins),
        cores: CAN_PIN ? { server: 0, load: 1 } : undefined,
        nodeFlags: options['node-flag'],
      },
      rounds: [],
    }))
  })
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = { rtmp: 'rtmp', flv: 'flv', ws: 'ws' }
const protocols = list(options.protocol).map((name) => lookUp(PROTOCOLS, name))
const rounds = Number(options.rounds)
if (CAN_PIN) pinSelf(1)
else
  console.log(
    'No taskset, or a single core: server and load generator share the cores as the system likes.\n',
  )
console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${rounds} rounds of ${options.seconds} s, ` +
    `${options.publishers} × ${options.bitrate} kbit/s\n`,
)

const results: Contestant[] = []
for (const players of list(options.players).map(Number)) {
  for (const profile of list(options.profile)) {
    const group = contestants(profile, players)
    for (let round = 0; round < rounds; round++) {
      for (const { plan, rounds: measured } of round % 2 === 0 ? group : group.toReversed()) {
        measured.push(await measure(plan))
      }
    }
    console.log(`${players} players, profile ${profile} (flush at least ${flushMsOf(profile)} ms apart)`)
    console.log(describe(group.map(({ name, rounds: measured }) => summarize(name, measured))))
    results.push(...group)
  }
}
if (options.json !== undefined) {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, pinned: CAN_PIN }
  writeFileSync(options.json, `${JSON.stringify({ machine, options, results }, null, 2)}\n`)
}
