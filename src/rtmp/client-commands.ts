/**
 * What a client says when it connects, and how it reads a server's status.
 *
 * @module
 */
import { propertiesOf, type Amf0Object, type Amf0Value } from '../amf0/index.ts'
import { capabilityProperties, type LocalCapabilities } from './capabilities.ts'
import type { ClientStatusEvent } from './client-events.ts'
import type { Redirect } from './net-status.ts'
import type { CommandMessage } from './rtmp-message.ts'

/** Properties of the connect object: those of FMLE for a publisher, those of Flash Player for a player. */
export function connectProperties(
  publishes: boolean,
  app: string,
  tcUrl: string,
  flashVer: string,
  capabilities: LocalCapabilities | 'none',
  extra: Readonly<Record<string, Amf0Value>> | undefined,
): Amf0Object {
  const own: Amf0Object = publishes
    ? { app, type: 'nonprivate', flashVer, tcUrl }
    : {
        app,
        flashVer,
        tcUrl,
        fpad: false,
        capabilities: 239,
        audioCodecs: 3575, // all but the reserved ones, RTMP 1.0 §7.2.1.1
        videoCodecs: 252,
        videoFunction: 1,
        objectEncoding: 0,
      }
  const enhanced =
    capabilities === 'none' ? undefined : { fourCcList: ['*'], ...capabilityProperties(capabilities) }
  return { ...own, ...enhanced, ...extra }
}

/**
 * The info object of a status or answer: the first object among its arguments, wherever the server put it.
 */
export function informationOf(command: CommandMessage): Amf0Object {
  for (const value of command.args) {
    const properties = propertiesOf(value)
    if (properties !== undefined) return properties
  }
  return propertiesOf(command.commandObject) ?? {}
}

/** Reads a status. */
export function statusOf(information: Amf0Object): ClientStatusEvent {
  return {
    type: 'status',
    level: textOf(information['level']),
    code: textOf(information['code']),
    description: textOf(information['description']),
    information,
  }
}

/** URL to which a rejecting status sends the client, in the `ex` object of Flash Media Server and SRS. */
export function redirectOf(information: Amf0Object): Redirect | undefined {
  const ex = propertiesOf(information['ex'])
  const tcUrl = textOf(ex?.['redirect'])
  const url = textOf(ex?.['redirect2'])
  if (tcUrl === '' && url === '') return undefined
  return url === '' ? { tcUrl } : { tcUrl: tcUrl || url.replace(/\/[^/]*$/, ''), url }
}

/** The text, or `''` for any other value. */
export function textOf(value: Amf0Value): string {
  return typeof value === 'string' ? value : ''
}
