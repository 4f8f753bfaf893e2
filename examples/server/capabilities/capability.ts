/**
 * What a virtual host can do, one class each.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { Hub, HubOptions } from 'millrace/hub'
import type { RtmpConnectDecider } from 'millrace/node'
import type { AccessRule } from 'millrace/services/admission'
import type { ListedService, StreamService } from 'millrace/services/control'
import type { ServerIdentity } from 'millrace/services/identity'
import type { VhostConfig } from '../config/vhost-sections.ts'
import type { EventLog } from '../event-log.ts'

/** What a capability works with; the same for its life. */
export interface VhostContext {
  /** Name of the virtual host. */
  readonly vhost: string
  /** Names of the server and its streams. */
  readonly identity: ServerIdentity
  /** Value of `Access-Control-Allow-Origin`. */
  readonly cors: string | false
  /** How many proxies stand in front. */
  readonly trustProxy: boolean | number
  /** Where events are told. */
  readonly log: EventLog
}

/** One capability of one virtual host, made once, off until {@link Capability.apply} says otherwise. */
export interface Capability {
  /**
   * Makes it what the file says, at the start and after each change. What has not changed goes on untouched; see {@link SectionInstance}.
   * @param hub - the hub of the virtual host; always the same.
   */
  apply(config: VhostConfig, hub: Hub): void | Promise<void>
  /** Ends it for good. Servers and hub are closed before, and whatever comes after it in the list. */
  close(): void | Promise<void>
  /** Asked who gets in, in order of the list; the same whatever the file says. */
  readonly authorize?: AccessRule
  /** Asked which RTMP connection gets in, from the end of the list: counting costs less than asking a backend. */
  readonly onConnect?: RtmpConnectDecider
  /** Asked, in order of the list, for a stream that nobody publishes. */
  readonly resolveSource?: NonNullable<HubOptions['resolveSource']>
  /** @returns whether the request, which named this virtual host, was for it and will be answered. */
  handle?(request: IncomingMessage, response: ServerResponse): boolean
  /** What the API shows, and starts and stops on a stream, by name. The same names in every virtual host, whatever the file says. */
  readonly services?: Readonly<Record<string, ListedService | StreamService>>
}

/** What a section asks for: opened with it, and opened anew when it has changed. */
export class SectionInstance<Section, Instance extends { close(): unknown }> {
  #section: Section | undefined
  #instance: Instance | undefined

  constructor() {
    this.#section = undefined
    this.#instance = undefined
  }

  /** What is open. */
  get current(): Instance | undefined {
    return this.#instance
  }

  /**
   * Closes what is open and opens it anew, if `section` is not what it was.
   * @param section - `undefined` for what is off.
   * @returns whether that was so.
   */
  async apply(
    section: Section | undefined,
    open: (section: Section) => Instance | undefined | Promise<Instance | undefined>,
  ): Promise<boolean> {
    if (isDeepStrictEqual(section, this.#section)) return false
    // The old one goes first: the new one may write to the same place.
    await this.close()
    this.#instance = section === undefined ? undefined : await open(section)
    this.#section = section
    return true
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    const past = this.#instance
    this.#section = undefined
    this.#instance = undefined
    await past?.close()
  }
}
