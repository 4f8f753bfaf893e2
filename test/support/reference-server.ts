/** The built reference server as a process of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningProcess, start } from './process.ts'
import { ROOT } from './project.ts'
import { tempFolder } from './temp-folder.ts'

/** The program. */
export const MAIN = join(ROOT, '.build/examples/server/main.js')

const ANY_PORTS = ['--host', '127.0.0.1', '--rtmp-port', '0', '--http-port', '0']

/** A server that listens on free ports of this machine. It ends with the test. */
export interface ReferenceServer {
  readonly process: RunningProcess
  readonly rtmp: string
  readonly http: string
}

/** Starts it with further flags. */
export async function startReferenceServer(...flags: string[]): Promise<ReferenceServer> {
  const process_ = start(process.execPath, [MAIN, ...ANY_PORTS, ...flags])
  const [, rtmp] = await process_.waitForOutput(/^listening (rtmps?:\S+)$/m)
  const [, http] = await process_.waitForOutput(/^listening (https?:\S+)$/m)
  return { process: process_, rtmp: rtmp!, http: http! }
}

/** Writes a configuration file. @returns its path. */
export async function configFile(yaml: string): Promise<string> {
  const file = join(await tempFolder(), 'server.yaml')
  await writeFile(file, yaml)
  return file
}
