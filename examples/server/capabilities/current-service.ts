/**
 * A service that is there for the API whatever the file says.
 *
 * @module
 */
import type { StreamService } from 'millrace/services/control'

/** Does what `current` does. While there is none, nothing runs, and starting it says `off`. */
export function currentService(
  description: string,
  off: string,
  current: () => StreamService | undefined,
): StreamService {
  return {
    description,
    isRunning: (target) => current()?.isRunning(target) === true,
    start(target, options) {
      const service = current()
      if (service === undefined) throw new TypeError(off)
      return service.start(target, options)
    },
    stop: (target) => current()?.stop(target),
    status: (target) => current()?.status?.(target),
    list: () => current()?.list?.() ?? [],
  }
}
