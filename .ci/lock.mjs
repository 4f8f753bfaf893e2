// One process at a time installs or builds in a checkout: others wait for it.
// Plain JavaScript, Node built-ins only: it runs before anything is installed.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const folder = join(import.meta.dirname, '../.build')
const lock = join(folder, 'lock')
const POLL_MS = 100

/** Runs `work` while no other process of this checkout does. */
export async function whileLocked(work) {
  mkdirSync(folder, { recursive: true })
  for (let told = false; !take(); told = true) {
    const owner = ownerOf(lock)
    if (owner !== undefined && !isRunning(owner)) {
      discard(owner)
      continue
    }
    if (!told && owner !== undefined)
      console.error(`Waiting for process ${owner}, which installs or builds in this checkout...`)
    await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** The process in a lock file; `undefined` if the file is gone, or not written yet. */
function ownerOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

/** Removes the lock of a process that was killed. A lock that another process took meanwhile is put back. */
function discard(owner) {
  const aside = `${lock}-${process.pid}`
  try {
    renameSync(lock, aside)
    if (ownerOf(aside) === owner) rmSync(aside)
    else renameSync(aside, lock)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
