/**
 * Several deciders about `connect` as one.
 *
 * @module
 */
import { checkedConnect } from '../../node/rtmp/internal.ts'
import type {
  RtmpConnectAccept,
  RtmpConnectDecider,
  RtmpConnectDecision,
  RtmpConnectionExtension,
} from '../../node/index.ts'
import { endAll } from './access-rule.ts'

/**
 * For `RtmpServer`'s `onConnect`: accepts a connection that every decider accepts. They are asked one after the other; the first refusal
 * or redirect is the answer. What they add to the reply is put together, with their extensions, and every `onEnd` is called, also when a later one refuses.
 */
export function allConnect(...deciders: readonly RtmpConnectDecider[]): RtmpConnectDecider {
  return async (request, connection, signal) => {
    let merged: RtmpConnectAccept = { type: 'accept' }
    const ends: (() => void)[] = []
    const extensions: RtmpConnectionExtension[] = []
    for (const decide of deciders) {
      let decision: RtmpConnectDecision
      try {
        decision = checkedConnect(await decide(request, connection, signal))
      } catch (error) {
        endAll(ends)
        throw error
      }
      if (decision.type !== 'accept') {
        endAll(ends)
        return decision
      }
      if (decision.onEnd !== undefined) ends.unshift(decision.onEnd)
      extensions.push(...(decision.extensions ?? []))
      merged = {
        type: 'accept',
        properties: { ...merged.properties, ...decision.properties },
        information: { ...merged.information, ...decision.information },
      }
    }
    return {
      ...merged,
      ...(extensions.length === 0 ? {} : { extensions }),
      ...(ends.length === 0 ? {} : { onEnd: () => endAll(ends) }),
    }
  }
}
