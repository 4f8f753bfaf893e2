/**
 * Errors of listeners in the log of `debug`, which the layers up to the hub do not have.
 *
 * @module
 */
import createDebug from 'debug'
import { traceListenerErrors } from '../../hub/internal.ts'

const debug = createDebug('millrace:listener')

traceListenerErrors((error, name) => debug('a listener of %s failed: %s', name, error))
