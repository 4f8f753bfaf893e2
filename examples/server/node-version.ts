/**
 * Ends the process on a Node that is too old, with its version in words. The first import of `main.ts`: later ones would fail on what
 * such a Node lacks.
 *
 * @module
 */

/** As `engines` of package.json. */
const REQUIRED = [20, 19] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < REQUIRED[0] || (major === REQUIRED[0] && minor < REQUIRED[1])) {
  console.error(`millrace needs Node ${REQUIRED.join('.')} or newer; this is ${process.versions.node}`)
  process.exit(1)
}
