import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempFolder } from '../../support/temp-folder.ts'

/**
 * A program in the place of ffmpeg: gives every output what comes on its input, and writes down its arguments.
 * @param code - runs first, with the arguments as `args`.
 */
export async function fakeFfmpeg(code = ''): Promise<string> {
  const path = join(await tempFolder(), 'ffmpeg')
  const program = `#!${process.execPath}
const fs = require('node:fs')
const args = process.argv.slice(2)
fs.writeFileSync(__filename + '.args', JSON.stringify(args))
${code}
const pipes = args.filter((arg) => /^pipe:[3-9]$/.test(arg)).map((arg) => Number(arg.slice(5)))
process.stdin.on('data', (bytes) => pipes.forEach((fd) => fs.writeSync(fd, bytes)))
process.stdout.write('frame=1\\nprogress=continue\\n')
`
  await writeFile(path, program)
  await chmod(path, 0o755)
  return path
}

/** What the fake at `path` was started with last. */
export async function argumentsOf(path: string): Promise<string[]> {
  return JSON.parse(await readFile(`${path}.args`, 'utf8')) as string[]
}
