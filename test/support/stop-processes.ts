/** Setup file of the interop tests: nothing that a file started outlives it. */
import { afterAll } from 'vitest'
import { stopAll } from './process.ts'

afterAll(stopAll)
