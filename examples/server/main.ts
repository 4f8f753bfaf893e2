/**
 * The reference server: `npm start -- --config FILE --rtmp-port N --http-port N --demo`.
 *
 * @module
 */
import './node-version.ts'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { type Config, ConfigError, loadConfig, parseConfig } from './config/config.ts'
import { startDemo } from './demo.ts'
import { EventLog } from './event-log.ts'
import { startServer } from './server.ts'

const USAGE = `millrace reference server

  --config FILE     YAML or JSON configuration
  --check           check the configuration and exit
  --rtmp-port N     RTMP port, 0 for any free one (1935)
  --http-port N     HTTP port, 0 for any free one (8080)
  --host ADDRESS    address of both (all addresses)
  --demo            publish a bundled clip in a loop as live/demo
  --help            this text
`

/** How long open connections may take to end, ms. */
const SHUTDOWN_LIMIT_MS = 5_000

function readFlags(): ReturnType<typeof parseFlags> {
  try {
    return parseFlags()
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exit(2)
  }
}

function parseFlags() {
  return parseArgs({
    options: {
      config: { type: 'string' },
      check: { type: 'boolean', default: false },
      'rtmp-port': { type: 'string' },
      'http-port': { type: 'string' },
      host: { type: 'string' },
      demo: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values
}

function readPort(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new ConfigError(`${text} is not a port`)
  return port
}

function readConfig(flags: ReturnType<typeof parseFlags>): Config {
  const file = flags.config === undefined ? parseConfig('') : loadConfig(flags.config)
  const host = flags.host === undefined ? {} : { host: flags.host }
  return {
    ...file,
    rtmp: { ...file.rtmp, ...host, port: readPort(flags['rtmp-port'], file.rtmp.port) },
    http: {
      ...file.http,
      ...host,
      port: readPort(flags['http-port'], file.http.port),
      enabled: file.http.enabled || flags['http-port'] !== undefined,
    },
  }
}

// V8 lets its young generation grow to 2 × 16 MB. With 1000 players that was 22 MB of 110, and no CPU was saved by it.
setFlagsFromString('--semi-space-growth-factor=1')

async function main(): Promise<void> {
  const flags = readFlags()
  if (flags.help) {
    console.log(USAGE)
    return
  }
  const config = readConfig(flags)
  if (flags.check) {
    console.log('the configuration is valid')
    return
  }
  const log = new EventLog(undefined, config.logFormat)
  const server = await startServer(config, log, {
    load: () => readConfig(flags),
    ...(flags.config === undefined ? {} : { file: flags.config }),
  })
  const say = (event: string, url: string): void => {
    if (config.logFormat === 'json') log.event(event, { url }, url)
    else console.log(`${event} ${url}`)
  }
  const { rtmpUrl, httpUrl, httpsUrl, operatorUrl } = server
  for (const url of [rtmpUrl, httpUrl, httpsUrl]) if (url !== undefined) say('listening', url)
  if (operatorUrl !== undefined && operatorUrl !== (httpUrl ?? httpsUrl)) say('operator', operatorUrl)
  const demo = flags.demo ? startDemo((signal) => server.publishDemo(signal)) : undefined
  if (demo !== undefined) say('demo', operatorUrl === undefined ? `${rtmpUrl}/live/demo` : `${operatorUrl}/`)

  if (flags.config !== undefined) {
    // What is wrong with the file is in the log.
    const reload = (): void => void server.reload().catch(() => undefined)
    process.on('SIGHUP', reload)
  }

  const shutdown = async (): Promise<void> => {
    setTimeout(() => process.exit(1), SHUTDOWN_LIMIT_MS).unref()
    await demo?.close()
    await server.close()
    process.exit(0)
  }
  const shutdownGracefully = async (): Promise<void> => {
    const { drainMs } = config
    log.event('drain', { drainMs }, `draining for up to ${drainMs} ms`)
    // The demo would stay for ever.
    await demo?.close()
    await server.drain()
    await shutdown()
  }
  process.once('SIGINT', () => void shutdown())
  process.once('SIGTERM', () => void shutdown())
  process.once('SIGQUIT', () => void shutdownGracefully())
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
})
