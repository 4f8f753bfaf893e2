/**
 * Which virtual host answers to which name.
 *
 * @module
 */

/** Names and aliases, looked up by host. */
export class HostNames {
  /** Names of virtual hosts by names and aliases in their plain form; those with `*.` by what follows the star. */
  readonly #byHost: Map<string, string>

  /**
   * @param vhosts - names with their aliases.
   * @throws TypeError for a name that is empty, has a star elsewhere than in `*.` at its start, or belongs to two of them.
   */
  constructor(vhosts: readonly (readonly [name: string, aliases: readonly string[]])[]) {
    this.#byHost = new Map()
    for (const [name, aliases] of vhosts) {
      for (const each of [name, ...aliases]) this.#add(each, name)
    }
  }

  /** The virtual host that answers to `host`, in any case and with a dot at its end or not. */
  find(host: string): string | undefined {
    const plain = plainHost(host)
    const exact = this.#byHost.get(plain)
    if (exact !== undefined) return exact
    for (let dot = plain.indexOf('.'); dot >= 0; dot = plain.indexOf('.', dot + 1)) {
      const name = this.#byHost.get(plain.slice(dot))
      if (name !== undefined) return name
    }
    return undefined
  }

  #add(host: string, name: string): void {
    const plain = plainHost(host).replace(/^\*(?=\..)/, '')
    if (plain === '' || plain.includes('*')) throw new TypeError(`"${host}" is not a valid virtual host name`)
    const owner = this.#byHost.get(plain)
    if (owner !== undefined) throw new TypeError(`${host} is a name of both ${owner} and ${name}`)
    this.#byHost.set(plain, name)
  }
}

/** The form in which names are compared. A name that a peer made long is cut: no name of ours is as long (RFC 1035 §2.3.4). */
function plainHost(host: string): string {
  return host.slice(0, 256).toLowerCase().replace(/\.$/, '')
}
