/**
 * Ends child processes when this process is gone, however it went: SIGKILL and crashes run no code of ours.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import createDebug from 'debug'

const debug = createDebug('millrace:ffmpeg')

/**
 * Remembers the latest line, a list of process groups, and kills them when its input ends: the kernel closes
 * that with the last process that holds the other end, which is ours alone. Costs one shell (1 MB) for all
 * children together. PR_SET_PDEATHSIG (`setpriv`) would need no process, but notifies only direct children,
 * and only on Linux.
 */
const WATCH = `while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group"; done`

/** The process groups of this process's children. Its watcher runs while there are any. */
class ChildGuard {
  readonly #groups = new Set<number>()
  #watcher: ChildProcess | undefined
  /**
   * Windows has no process groups, and a container may have no shell: children that notice the end of their
   * input end by themselves.
   */
  #isMissing = process.platform === 'win32'

  /** A child is about to be started: from its first moment on it is watched. */
  ready(): void {
    if (this.#isMissing || this.#watcher !== undefined) return
    const watcher = spawn('/bin/sh', ['-c', WATCH], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    this.#watcher = watcher
    watcher.once('error', (error: NodeJS.ErrnoException) => {
      debug('children are not watched: %s', error)
      // Without a shell there never will be one; no process or file descriptor left (EAGAIN, EMFILE) passes.
      this.#isMissing = error.code === 'ENOENT' || error.code === 'EACCES'
      this.#watcher = undefined
    })
    watcher.once('exit', () => {
      if (this.#watcher !== watcher) return
      this.#watcher = undefined
      if (this.#groups.size > 0) this.#tell()
    })
    // Neither keeps this process alive.
    watcher.unref()
    // There is none if no file descriptors are left.
    const stdin = (watcher.stdin ?? undefined) as Socket | undefined
    stdin?.on('error', () => undefined).unref()
  }

  /** The child with this pid, which leads a group of its own, must not outlive this process. */
  add(pid: number): void {
    this.#groups.add(pid)
    this.#tell()
  }

  /** The child and its group are gone, or it could not be started. */
  delete(pid: number | undefined): void {
    if (pid !== undefined) this.#groups.delete(pid)
    if (this.#groups.size > 0) {
      this.#tell()
      return
    }
    const watcher = this.#watcher
    this.#watcher = undefined
    // An empty line first: nothing is left to kill at the end.
    watcher?.stdin?.end('\n')
  }

  #tell(): void {
    this.ready()
    this.#watcher?.stdin?.write(`${Array.from(this.#groups).join(' ')}\n`)
  }
}

/** One for the process: children are the process's, whatever made them. */
export const childGuard = new ChildGuard()
