/** The reference server in this process. */
import { onTestFinished } from 'vitest'
import { parseConfig } from '../../examples/server/config.ts'
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
}

/** Starts a server on free ports, with `yaml` beside them. It ends with the test. */
export async function startWith(yaml: string): Promise<TestServer> {
  const lines: string[] = []
  const server = await startServer(parseConfig(PORTS + yaml), new EventLog((line) => lines.push(line)))
  onTestFinished(() => server.close())
  return { ...server, lines }
}
