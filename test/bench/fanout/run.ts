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
  readonly plan: Plan
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

/** Contestants that are compared with one another: the same profile, protocol and number of players. */
function contestants(profile: string, protocol: Protocol, players: number): Contestant[] {
  const kbps = Number(options.bitrate)
  return list(options.servers).map((name) => {
    const server: ServerSettings = { ...lookUp(SERVERS, name), flushMs: flushMsOf(profile), kbps }
    const plan: Plan = {
      server,
      // The bare fan-outs answer whatever comes with FLV.
      protocol: server.kind === 'millrace' ? protocol : 'flv',
      players,
      publishers: Number(options.publishers),
      idle: options.idle,
      kbps,
      seconds: Number(options.seconds),
      joinsPerSecond: Number(options.joins),
      cores: CAN_PIN ? { server: 0, load: 1 } : undefined,
      nodeFlags: options['node-flag'],
    }
    return { name, profile, plan }
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

const results: {
  name: string
  profile: string
  protocol: Protocol
  players: number
  rounds: Measurement[]
}[] = []
for (const players of list(options.players).map(Number)) {
  for (const profile of list(options.profile)) {
    for (const protocol of protocols) {
      const group = contestants(profile, protocol, players)
      const measured = group.map(({ name }) => ({
        name,
        profile,
        protocol,
        players,
        rounds: [] as Measurement[],
      }))
      for (let round = 0; round < rounds; round++) {
        const order = group.map((_, index) => index)
        for (const index of round % 2 === 0 ? order : order.toReversed()) {
          measured[index]!.rounds.push(await measure(group[index]!.plan))
        }
      }
      console.log(
        `${protocol}, ${players} players, profile ${profile} (flush at least ${flushMsOf(profile)} ms apart)`,
      )
      console.log(describe(measured.map(({ name, rounds: each }) => summarize(name, each))))
      results.push(...measured)
    }
  }
}
if (options.json !== undefined) {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, pinned: CAN_PIN }
  writeFileSync(options.json, `${JSON.stringify({ machine, options, results }, null, 2)}\n`)
}
