/**
 * Tells a backend at intervals that this server is there, in the words of SRS.
 *
 * @module
 */
import { networkInterfaces } from 'node:os'
import createDebug from 'debug'
import type { z } from 'zod'
import { Announcer, type AnnouncerEvents, type Clock } from '../../hub/index.ts'
import { sleep } from '../../hub/internal.ts'
import { CallbackClient, isDelivered, statusError, withAnswerLimit } from '../callbacks/internal.ts'
import { summariesView } from '../http-api/internal.ts'
import type { Statistics } from '../statistics/index.ts'
import { parseOptions } from '../parse-options.ts'
import { heartbeatOptions } from './heartbeat.schema.ts'

const debug = createDebug('millrace:heartbeat')

/** Nobody reads the answer. */
const MAX_RESPONSE_BYTES = 65_536

/** Options of {@link Heartbeat}. */
export interface HeartbeatOptions {
  /** Where it is told, `http` or `https`. */
  readonly url: string
  /** Who tells, and what is in `summaries`. */
  readonly statistics: Statistics
  /** Time from an answer to the next beat, ms. The first beat comes at once. @defaultValue 10000 */
  readonly intervalMs?: number
  /** Time for an answer, ms. @defaultValue 10000 */
  readonly answerTimeoutMs?: number
  /** `device_id`: how the backend knows this machine. @defaultValue '' */
  readonly deviceId?: string
  /** `ip`: where this machine is reached. @defaultValue its first address that is not of the loopback */
  readonly ip?: string
  /** Whether `summaries` has what the API has at `/api/v1/summaries`. @defaultValue false */
  readonly summaries?: boolean
  /** Ports that are told as `rtmp`, `http` and `api`: a proxy takes them for a registration. @defaultValue none */
  readonly ports?: {
    /** Ports of RTMP. */
    readonly rtmp?: readonly number[] | undefined
    /** Ports where HTTP viewers are served. */
    readonly http?: readonly number[] | undefined
    /** Ports of the HTTP API. */
    readonly api?: readonly number[] | undefined
  }
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}

/** Facts that a {@link Heartbeat} announces. */
export interface HeartbeatEvents extends AnnouncerEvents {
  /** A beat came to nothing: the system's error, or one with an `ERR_CALLBACK_…` code. The next one comes in time. */
  failure: (error: Error) => void
  /** A beat arrived, the first or after failures. */
  recover: () => void
}

/**
 * Posts `device_id`, `ip`, `server`, `service` and `pid` to a backend until it is closed.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { Heartbeat } from 'millrace/services/heartbeat'
 * import { Statistics } from 'millrace/services/statistics'
 *
 * const statistics = new Statistics({ hub: new Hub() })
 * const heartbeat = new Heartbeat({
 *   url: 'http://127.0.0.1:8085/api/v1/servers',
 *   statistics,
 *   deviceId: 'origin-1',
 *   ports: { rtmp: [1935], http: [8080] },
 * })
 * heartbeat.on('failure', (error) => console.log(`no heartbeat: ${error.message}`))
 * ```
 */
export class Heartbeat extends Announcer<HeartbeatEvents> {
  readonly #options: z.output<typeof heartbeatOptions>
  readonly #client: CallbackClient
  readonly #closing: AbortController
  #arrives: boolean | undefined

  /**
   * @param options - see {@link HeartbeatOptions}.
   * @throws TypeError for options that are wrong.
   */
  constructor(options: HeartbeatOptions) {
    super()
    this.#options = parseOptions(heartbeatOptions, options, 'Heartbeat')
    this.#client = new CallbackClient({ headers: {}, maxResponseBytes: MAX_RESPONSE_BYTES })
    this.#closing = new AbortController()
    this.#arrives = undefined
    void this.#run()
  }

  /** Tells no more. */
  close(): void {
    this.#closing.abort(new Error('the heartbeat is closed'))
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    const { clock, intervalMs } = this.#options
    while (!signal.aborted) {
      const error = await this.#beat(signal)
      if (signal.aborted) return
      this.#tell(error)
      await sleep(clock, intervalMs, signal)
    }
  }

  /** @returns what went wrong. */
  async #beat(closing: AbortSignal): Promise<Error | undefined> {
    const { clock, answerTimeoutMs, url } = this.#options
    try {
      const call = this.#client.post(url, this.#body())
      const response = await withAnswerLimit(clock, answerTimeoutMs, closing, (limit) =>
        this.#client.send(call, limit),
      )
      return isDelivered(response) ? undefined : statusError(response.status)
    } catch (error) {
      return error as Error
    }
  }

  #body(): object {
    const { statistics, deviceId, ip = ownAddress(), summaries, ports } = this.#options
    const { serverId: server, serviceId: service, pid } = statistics.identity
    const told = Object.entries(ports ?? {}).map(([door, numbers]) => [door, numbers.map(String)])
    return {
      device_id: deviceId,
      ip,
      server,
      service,
      pid,
      ...(summaries ? { summaries: { data: summariesView(statistics) } } : {}),
      ...(Object.fromEntries(told) as object),
    }
  }

  #tell(error: Error | undefined): void {
    const arrived = this.#arrives
    this.#arrives = error === undefined
    if (error !== undefined) {
      debug('%s', error.message)
      this.emit('failure', error)
    } else if (arrived !== true) this.emit('recover')
  }
}

function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const outer = addresses.filter(({ internal }) => !internal)
  return (outer.find(({ family }) => family === 'IPv4') ?? outer[0])?.address ?? ''
}
