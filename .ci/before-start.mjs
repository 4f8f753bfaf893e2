// `npm start` loads this before the reference server (`node --import`), so that the server's own flags are known here: it says
// before the build that a port is taken, and builds what changed.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { build, needsBuild } from './build.mjs'

if (needsBuild()) {
  for (const address of await addressesOf(process.argv.slice(2))) await checkFree(address)
  await build({ examples: true })
}

/** Where the server will listen, as far as flags and configuration file say; the server checks both itself. */
async function addressesOf(args) {
  const string = { type: 'string' }
  const options = { config: string, host: string, 'rtmp-port': string, 'http-port': string }
  const { values } = parseArgs({ args, options, strict: false })
  const file = await configOf(values.config)
  return [
    ['rtmp', 1935],
    ['http', 8080],
  ].map(([section, fallback]) => ({
    port: Number(values[`${section}-port`] ?? file?.[section]?.port ?? fallback),
    host: values.host ?? file?.[section]?.host,
  }))
}

async function configOf(path) {
  if (path === undefined) return undefined
  const { parse } = await import('yaml')
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined // the server says what is wrong with it
  }
}

function checkFree({ port, host }) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code }) => {
      if (code !== 'EADDRINUSE') return resolve() // the server says it
      console.error(
        `cannot listen on port ${port}: another program does. End it, or choose other ports: npm start -- --rtmp-port N --http-port N`,
      )
      process.exit(1)
    })
    if (!(port > 0 && port < 65_536)) return resolve()
    server.listen({ port, host }, () => server.close(resolve))
  })
}
