/**
 * Events whose listeners cost nothing but themselves.
 *
 * @module
 */
import { EventEmitter } from 'eventemitter3'

/** What every {@link Announcer} announces. */
export interface AnnouncerEvents {
  /**
   * A listener of `event`, or the callback of that name in an option, threw or gave a promise that was rejected: a defect of the
   * application. All other listeners were called and the stream goes on. What a listener of this event throws is dropped.
   */
  listenerError: (error: unknown, event: string) => void
}

/**
 * An emitter of facts. A listener may throw or reject, also inside the handling of a packet or a socket: each is called by itself, and
 * its error becomes `listenerError`. `this` in a listener is the emitter; a context given to `on` has no effect on that.
 */
export class Announcer<Events extends AnnouncerEvents> extends EventEmitter<Events> {
  /** Calls the listeners of `event`. Never throws. @returns whether there were any. */
  override emit<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    ...args: EventEmitter.EventArgs<Events, Name>
  ): boolean {
    if (this.listenerCount(event) === 0) return false
    for (const listener of this.listeners(event)) {
      this.off(event, listener, undefined, true) // if it is one of `once`
      this.attempt(String(event), () =>
        (listener as (...facts: readonly unknown[]) => unknown).apply(this, args),
      )
    }
    return true
  }

  /** Calls a function of the application by the rule of listeners. @param name - for `listenerError`. @internal */
  attempt(name: string, call: () => unknown): void {
    const fail = (error: unknown): void => {
      trace(error, name)
      if (name === 'listenerError') return
      const announcer = this as unknown as Announcer<AnnouncerEvents>
      announcer.emit('listenerError', error, name)
    }
    try {
      const result = call()
      if (result instanceof Promise) result.catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}

let trace: (error: unknown, name: string) => void = () => undefined

/** Where errors of listeners are logged: for the layers that have a log. */
export function traceListenerErrors(to: (error: unknown, name: string) => void): void {
  trace = to
}
