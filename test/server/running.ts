/** The reference server in this process. */
import { onTestFinished } from 'vitest'
import { type Config, parseConfig } from '../../examples/server/config/config.ts'
import { EventLog } from '../../examples/server/event-log.ts'
import { type RunningServer, type ServerOptions, startServer } from '../../examples/server/server.ts'

/** Any free port of this machine, for a door that a test says nothing of. */
const FREE_PORT = '{ port: 0, host: 127.0.0.1 }'

function withPorts(yaml: string): string {
  const missing = ['rtmp', 'http'].filter((door) => !new RegExp(`^${door}:`, 'm').test(yaml))
  return `${yaml}\n${missing.map((door) => `${door}: ${FREE_PORT}\n`).join('')}`
}

/** A server and the lines that it has logged. */
export interface TestServer extends RunningServer {
  /** Of HTTPS alone where there is no HTTP; empty without both. */
  readonly httpUrl: string
  readonly operatorUrl: string
  readonly lines: readonly string[]
  /** Puts `yaml` in the place of the file, for the next reload. */
  readonly edit: (yaml: string) => void
}

/** Starts a server on free ports, with `yaml` beside them. It ends with the test. */
export async function startWith(yaml: string, options: ServerOptions = {}): Promise<TestServer> {
  let text = yaml
  const lines: string[] = []
  const load = (): Config => parseConfig(withPorts(text), 'server.yaml')
  const server = await startServer(load(), new EventLog((line) => lines.push(line)), { load, ...options })
  onTestFinished(() => server.close())
  const edit = (next: string): void => void (text = next)
  const { httpsUrl = '', httpUrl = httpsUrl, operatorUrl = httpUrl } = server
  return { ...server, httpUrl, operatorUrl, lines, edit }
}
