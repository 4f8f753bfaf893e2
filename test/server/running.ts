/** The reference server in this process. */
import { onTestFinished } from 'vitest'
import { type Config, parseConfig } from '../../examples/server/config/config.ts'
import { EventLog } from '../../examples/server/event-log.ts'
import { type RunningServer, startServer } from '../../examples/server/server.ts'

/** Any free ports of this machine. */
const PORTS = `
rtmp: { port: 0, host: 127.0.0.1 }
http: { port: 0, host: 127.0.0.1 }
`

/** A server and the lines that it has logged. */
export interface TestServer extends RunningServer {
  readonly lines: readonly string[]
  /** Puts `yaml` in the place of the file, for the next reload. */
  readonly edit: (yaml: string) => void
}

/** Starts a server on free ports, with `yaml` beside them. It ends with the test. */
export async function startWith(yaml: string): Promise<TestServer> {
  let text = yaml
  const lines: string[] = []
  const load = (): Config => parseConfig(PORTS + text, 'server.yaml')
  const server = await startServer(load(), new EventLog((line) => lines.push(line)), { load })
  onTestFinished(() => server.close())
  const edit = (next: string): void => void (text = next)
  return { ...server, lines, edit }
}
