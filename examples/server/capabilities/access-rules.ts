/**
 * Who gets in by address, page, stream key and signature: `access` but its limits, and `publishKeys`.
 *
 * @module
 */
import { accept, type Authorize, reject } from 'millrace/hub'
import {
  type AccessRule,
  addressRules,
  all,
  nmsSignedUrls,
  refererRules,
  signedUrls,
} from 'millrace/services/admission'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { withoutUndefined } from '../config/without-undefined.ts'
import type { Capability, VhostContext } from './capability.ts'
import { DEFAULT_VHOST } from 'millrace/rtmp'

/** The rules of a virtual host. */
export class AccessRules implements Capability {
  /** @internal */
  readonly authorize: AccessRule
  /** For signatures; `''` for the virtual host of everybody. */
  readonly #vhost: string
  #rules: Authorize

  constructor({ vhost }: VhostContext) {
    this.#vhost = vhost === DEFAULT_VHOST ? '' : vhost
    this.#rules = () => reject('the server is starting')
    this.authorize = (request, signal) => this.#rules(request, signal)
  }

  /** @internal */
  apply({ access, publishKeys }: VhostConfig): void {
    this.#rules = all(...rulesOf(access, publishKeys, this.#vhost))
  }

  /** @internal */
  close(): void {
    this.#rules = () => reject('the server is closing')
  }
}

/** Cheap ones first. A publisher with a secret key is known by its public path from there on: signatures are for that one. */
function rulesOf(
  access: VhostConfig['access'],
  keys: VhostConfig['publishKeys'],
  vhost: string,
): AccessRule[] {
  const { addresses, addressOrder: order, referers, signedUrls: signed } = access ?? {}
  const rules: AccessRule[] = []
  if (addresses !== undefined) rules.push(addressRules(addresses, withoutUndefined({ order })))
  if (referers !== undefined) rules.push(refererRules(withoutUndefined(referers)))
  if (keys !== undefined) rules.push(keyRule(keys))
  if (signed !== undefined) rules.push(signatureRule(signed, vhost))
  return rules
}

function signatureRule(
  { scheme, bindAddress, ...options }: NonNullable<NonNullable<VhostConfig['access']>['signedUrls']>,
  vhost: string,
): AccessRule {
  return scheme === 'nms' ? nmsSignedUrls(options) : signedUrls({ ...options, bindAddress, vhost })
}

/** Maps secret keys to public names. */
function keyRule(keys: NonNullable<VhostConfig['publishKeys']>): AccessRule {
  const streams = new Map(keys.map(({ key, stream }) => [key, stream]))
  return ({ action, streamName }) => {
    if (action === 'play') return 'abstain'
    const streamPath = streams.get(streamName)
    return streamPath === undefined ? reject('unknown stream key') : accept({ streamPath })
  }
}
