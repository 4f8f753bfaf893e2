/** nginx with its RTMP module, as a foreign RTMP server. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { portAnswers, type RunningProcess, start } from './process.ts'
import { tempFolder } from './temp-folder.ts'
import { requireTool } from './tools.ts'

/**
 * Starts it with these `application` blocks.
 * @param port - where it listens, to start it again where it was. @defaultValue a free one
 */
export async function startNginxRtmp(
  applications: string,
  port: number,
): Promise<{ url: string; process: RunningProcess }> {
  const folder = await tempFolder()
  const config = `
    daemon off; master_process off; error_log stderr warn; pid ${folder}/nginx.pid;
    load_module ${requireTool('nginx-rtmp')};
    events { worker_connections 64; }
    rtmp { server { listen 127.0.0.1:${port}; ${applications} } }`
  await writeFile(join(folder, 'nginx.conf'), config)
  const process = start(requireTool('nginx'), ['-p', folder, '-c', join(folder, 'nginx.conf')])
  await portAnswers(port, process)
  return { url: `rtmp://127.0.0.1:${port}`, process }
}
