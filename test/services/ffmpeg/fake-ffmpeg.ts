import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempFolder } from '../../support/temp-folder.ts'

/**
 * A program in the place of ffmpeg, that writes down its arguments.
 * @param script - what it does, for a shell. Default: its output is what comes on its input.
 */
export async function fakeFfmpeg(script = 'exec cat >&3'): Promise<string> {
  return program(`#!/bin/sh
if [ "$1" = -version ]; then echo ffmpeg version fake; exit; fi
printf '%s\\n' "$@" > "$0.$$" && mv "$0.$$" "$0.args"
${script}
`)
}

/** The same with as many outputs as it is asked for. */
export async function fakeLadder(): Promise<string> {
  return program(`#!${process.execPath}
const fs = require('node:fs')
const pipes = process.argv.filter((arg) => /^pipe:[3-9]$/.test(arg)).map((arg) => Number(arg.slice(5)))
process.stdin.on('data', (bytes) => pipes.forEach((fd) => fs.writeSync(fd, bytes)))
`)
}

async function program(text: string): Promise<string> {
  const path = join(await tempFolder(), 'ffmpeg')
  await writeFile(path, text)
  await chmod(path, 0o755)
  return path
}

/** What the fake at `path` was started with last. */
export async function argumentsOf(path: string): Promise<string[]> {
  return (await readFile(`${path}.args`, 'utf8')).split('\n').slice(0, -1)
}
