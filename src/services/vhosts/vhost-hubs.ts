/**
 * Virtual hosts: hubs by name, which come, change and go while streams run.
 *
 * @module
 */
import {
  type AccessRequest,
  Announcer,
  type AnnouncerEvents,
  type Clock,
  Hub,
  type HubOptions,
  systemClock,
} from '../../hub/index.ts'
import { type ResolvedHubOptions, resolveHubOptions } from '../../hub/internal.ts'
import { HostNames } from './host-names.ts'
import { DEFAULT_VHOST } from '../../rtmp/index.ts'

/** One virtual host. */
export interface VhostSettings {
  /** Options of its hub. What is not given has its default, also where it was given before. @defaultValue the defaults */
  readonly options?: HubOptions
  /** Other names that it answers to; `*.example.com` for all names below. @defaultValue none */
  readonly aliases?: readonly string[]
}

/** Options of {@link VhostHubs}. */
export interface VhostHubsOptions {
  /**
   * The virtual host of whoever names none, or one that is not there; `undefined`: such a request is refused. A virtual host of this name
   * need not be there. @defaultValue '__defaultVhost__'
   */
  readonly fallback?: string | undefined
  /** Time and timers of the hubs, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}

/** What {@link VhostHubs.apply} has done, by name. */
export interface VhostChanges {
  /** New ones. */
  readonly added: readonly string[]
  /** Those that have other options or aliases than before. */
  readonly changed: readonly string[]
  /** Those that are closed. */
  readonly removed: readonly string[]
}

/** Facts that {@link VhostHubs} announces. */
export interface VhostHubsEvents extends AnnouncerEvents {
  /** A virtual host was added; nobody has found it yet. */
  open: (name: string, hub: Hub) => void
  /** A virtual host was removed. Nobody finds it any more, and its hub is closed. */
  close: (name: string, hub: Hub) => void
}

interface Vhost {
  readonly hub: Hub
  readonly options: ResolvedHubOptions
  readonly aliases: readonly string[]
}

/** A virtual host as it shall be. */
type WantedVhost = Omit<Vhost, 'hub'>

/**
 * Hubs by the name of their virtual host. Give {@link VhostHubs.resolve} to servers and handlers, and the object itself, which lists names
 * and hubs, to `Statistics`.
 *
 * {@link VhostHubs.apply} makes them what a configuration says: what has not changed is not touched, what has changed goes on under its new
 * options, what is not there any more is closed.
 *
 * @example
 * ```ts
 * import { LiveHandler, RtmpServer } from 'millrace/node'
 * import { Statistics } from 'millrace/services/statistics'
 * import { VhostHubs } from 'millrace/services/vhosts'
 *
 * const vhosts = new VhostHubs()
 * vhosts.apply([
 *   ['__defaultVhost__', {}],
 *   ['live.example.com', { aliases: ['*.live.example.com'], options: { graceMs: 30_000 } }],
 * ])
 * const rtmp = new RtmpServer({ hub: vhosts.resolve })
 * const live = new LiveHandler({ hub: vhosts.resolve })
 * const statistics = new Statistics({ hub: () => vhosts, rtmp, live })
 * ```
 */
export class VhostHubs extends Announcer<VhostHubsEvents> implements Iterable<readonly [string, Hub]> {
  /** For servers and handlers: the hub of a request, by the virtual host that it names. Belongs to this object: pass it as it is. */
  readonly resolve: (request: AccessRequest) => Hub | undefined
  readonly #clock: Clock
  readonly #fallback: string | undefined
  #vhosts: ReadonlyMap<string, Vhost>
  #names: HostNames
  #closed: boolean

  /** @param options - see {@link VhostHubsOptions}. */
  constructor(options: VhostHubsOptions = {}) {
    super()
    this.resolve = ({ vhost }) => this.find(vhost)
    this.#clock = options.clock ?? systemClock
    this.#fallback = 'fallback' in options ? options.fallback : DEFAULT_VHOST
    this.#vhosts = new Map()
    this.#names = new HostNames([])
    this.#closed = false
  }

  /** Names and hubs, in the order in which they were applied. */
  *[Symbol.iterator](): Generator<readonly [name: string, hub: Hub]> {
    for (const [name, { hub }] of this.#vhosts) yield [name, hub]
  }

  /** The hub of the virtual host with this name; its aliases do not count. */
  get(name: string): Hub | undefined {
    return this.#vhosts.get(name)?.hub
  }

  /**
   * The name of the virtual host that answers to `host`: by name or alias, then by the longest `*.` that it is below, then the fallback.
   * Case and a dot at the end do not count.
   */
  nameOf(host: string): string | undefined {
    const name = this.#names.find(host) ?? this.#fallback
    return name !== undefined && this.#vhosts.has(name) ? name : undefined
  }

  /** The hub of {@link VhostHubs.nameOf}. */
  find(host: string): Hub | undefined {
    const name = this.nameOf(host)
    return name === undefined ? undefined : this.get(name)
  }

  /**
   * Makes the virtual hosts what `vhosts` says; see {@link Hub.setOptions} for what a change does to streams that run. Functions among
   * the options are the same if they are the same object.
   *
   * @throws TypeError for a name that is empty or there twice; nothing has changed then.
   * @throws RangeError for an option out of its range, and when this is closed; nothing has changed then.
   */
  apply(vhosts: Iterable<readonly [name: string, settings: VhostSettings]>): VhostChanges {
    if (this.#closed) throw new RangeError('the virtual hosts are closed')
    const wanted = readVhosts(vhosts)
    const names = new HostNames(Array.from(wanted, ([name, { aliases }]) => [name, aliases] as const))
    const past = this.#vhosts
    const present = new Map<string, Vhost>()
    const added: string[] = []
    const changed: string[] = []
    for (const [name, next] of wanted) {
      const before = past.get(name)
      if (before === undefined) added.push(name)
      else if (!isSame(before, next)) changed.push(name)
      present.set(name, { ...next, hub: before?.hub ?? new Hub(next.options, this.#clock) })
      if (before !== undefined && !isShallowEqual(before.options, next.options)) {
        // A hub takes no option back: what it does without has to do nothing.
        const dropped = before.options.resolveSource === undefined ? {} : { resolveSource: findNothing }
        before.hub.setOptions({ ...dropped, ...next.options })
      }
    }
    const removed = Array.from(past).filter(([name]) => !present.has(name))
    for (const name of added) this.emit('open', name, present.get(name)!.hub)
    this.#vhosts = present
    this.#names = names
    for (const [name, { hub }] of removed) {
      hub.close()
      this.emit('close', name, hub)
    }
    return { added, changed, removed: removed.map(([name]) => name) }
  }

  /** Closes every hub, for good. */
  close(): void {
    if (this.#closed) return
    this.apply([])
    this.#closed = true
  }
}

function readVhosts(
  vhosts: Iterable<readonly [name: string, settings: VhostSettings]>,
): Map<string, WantedVhost> {
  const wanted = new Map<string, WantedVhost>()
  for (const [name, { options = {}, aliases = [] }] of vhosts) {
    if (wanted.has(name)) throw new TypeError(`duplicate virtual host ${name}`)
    wanted.set(name, { options: resolveHubOptions(options), aliases })
  }
  return wanted
}

/** Stands for no `resolveSource`, where there was one. */
function findNothing(): Promise<undefined> {
  return Promise.resolve(undefined)
}

function isSame(before: WantedVhost, next: WantedVhost): boolean {
  const areAliasesSame =
    before.aliases.length === next.aliases.length &&
    before.aliases.every((alias, i) => alias === next.aliases[i])
  return areAliasesSame && isShallowEqual(before.options, next.options)
}

function isShallowEqual(a: ResolvedHubOptions, b: ResolvedHubOptions): boolean {
  const left: Readonly<Record<string, unknown>> = { ...a }
  const right: Readonly<Record<string, unknown>> = { ...b }
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return Array.from(names).every((name) => left[name] === right[name])
}
