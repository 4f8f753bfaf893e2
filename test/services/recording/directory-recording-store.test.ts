import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, link, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { DirectoryRecordingStore } from 'millrace/services/recording'
import { describe, expect, it, test } from 'vitest'
import { tempFolder } from '../../support/temp-folder.ts'

/** Of a process that is gone. */
const GONE = `${spawnSync(process.execPath, ['--version']).pid}-0`

/** Id and start of a process as names have them: field 22 of its stat in base 36, and the first part of the boot id. proc(5). */
function processOf(pid: number): string {
  if (!existsSync('/proc/self/stat')) return `${pid}-${Math.round(performance.timeOrigin).toString(36)}`
  const [, fields] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))!
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').split('-')[0]
  return `${pid}-${Number(fields!.split(' ')[19]).toString(36)}_${boot}`
}

const SELF = processOf(process.pid)

async function listOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .toSorted()
}

describe('a file', () => {
  it('has a temporary name until it is finished', async () => {
    const folder = await tempFolder()
    const file = await new DirectoryRecordingStore(join(folder, 'new')).create('live/show.flv')
    expect(await listOf(folder)).toEqual([`new/live/show.flv.${SELF}.tmp`])
    await file.append(Uint8Array.of(1, 2, 3))
    await file.overwrite(1, Uint8Array.of(9))
    await file.append(Uint8Array.of(4))
    expect(file.length).toBe(4)
    expect(await file.read(1, 10)).toEqual(Uint8Array.of(9, 3, 4))
    expect(await file.read(4, 10)).toEqual(new Uint8Array(0))
    await file.truncate(3)
    expect(file.length).toBe(3)
    expect(await file.finish()).toBe(join(folder, 'new/live/show.flv'))
    expect(await listOf(folder)).toEqual(['new/live/show.flv'])
    expect(Array.from(await readFile(join(folder, 'new/live/show.flv')))).toEqual([1, 9, 3])
    await file.close()
  })

  it('is told of in the words of the configuration', async () => {
    const folder = relative(process.cwd(), await tempFolder())
    const file = await new DirectoryRecordingStore(folder).create('a/b.mp4')
    expect(await file.finish()).toBe(join(folder, 'a/b.mp4'))
  })

  it('never takes the place of another: neither of one that is there, nor of one that is written or came meanwhile', async () => {
    const folder = await tempFolder()
    const store = new DirectoryRecordingStore(folder)
    await writeFile(join(folder, 'show.flv'), 'old')
    const first = await store.create('show.flv')
    const second = await store.create('show.flv')
    expect([first.key, second.key]).toEqual(['show-1.flv', 'show-2.flv'])
    await writeFile(join(folder, 'show-1.flv'), 'also old')
    expect(await first.finish()).toBe(join(folder, 'show-1-1.flv'))
    expect(await readFile(join(folder, 'show-1.flv'), 'utf8')).toBe('also old')
    await second.discard()
    expect(await listOf(folder)).toEqual(['show-1-1.flv', 'show-1.flv', 'show.flv'])
  })

  it('gives way to its replacement at once, or stays', async () => {
    const folder = await tempFolder()
    const file = await new DirectoryRecordingStore(folder).create('show.mp4')
    await file.append(Uint8Array.of(1))
    const failed = await file.replacement()
    await failed.append(Uint8Array.of(7))
    await failed.discard()
    expect(await listOf(folder)).toEqual([`show.mp4.${SELF}.tmp`])
    const copy = await file.replacement()
    await copy.append(Uint8Array.of(2))
    await copy.append(Uint8Array.of(3))
    expect(await copy.finish()).toBe(join(folder, 'show.mp4'))
    expect(await listOf(folder)).toEqual(['show.mp4'])
    expect(Array.from(await readFile(join(folder, 'show.mp4')))).toEqual([2, 3])
  })

  it('that somebody removed lives on in its replacement', async () => {
    const folder = await tempFolder()
    const file = await new DirectoryRecordingStore(folder).create('show.mp4')
    await file.append(Uint8Array.of(1))
    await rm(join(folder, `show.mp4.${SELF}.tmp`))
    const copy = await file.replacement()
    await copy.append(await file.read(0, 1))
    expect(await copy.finish()).toBe(join(folder, 'show.mp4'))
    expect(await listOf(folder)).toEqual(['show.mp4'])
  })
})

describe('links', () => {
  it('to folders are followed, those in the place of a file are not', async () => {
    const folder = await tempFolder()
    const outside = await tempFolder()
    await writeFile(join(outside, 'target'), 'old')
    await symlink(outside, join(folder, 'live'))
    await symlink(join(outside, 'target'), join(folder, 'show.flv'))
    await symlink(join(outside, 'target'), join(folder, `show-1.flv.${SELF}.tmp`))
    const store = new DirectoryRecordingStore(folder)
    const behind = await store.create('live/show.flv')
    await behind.finish()
    expect(await listOf(outside)).toEqual(['show.flv', 'target'])
    const beside = await store.create('show.flv')
    expect(beside.key).toBe('show-2.flv')
    await beside.append(Uint8Array.of(1))
    await beside.finish()
    expect(await readFile(join(outside, 'target'), 'utf8')).toBe('old')
  })

  it('do not lead out when unfinished files are looked for', async () => {
    const folder = await tempFolder()
    const outside = await tempFolder()
    await writeFile(join(outside, `a.flv.${GONE}.tmp`), '')
    await symlink(outside, join(folder, 'live'))
    await symlink(join(outside, `a.flv.${GONE}.tmp`), join(folder, `b.flv.${GONE}.tmp`))
    expect(await new DirectoryRecordingStore(folder).unfinished()).toEqual([])
  })
})

test.each(['../show.flv', 'a/../../show.flv', '', '.', '/'])('the key %j leaves the store', async (key) => {
  const store = new DirectoryRecordingStore(await tempFolder())
  await expect(store.create(key)).rejects.toThrow(RangeError)
})

describe('unfinished files', () => {
  it('are those of processes that are gone', async () => {
    const folder = await tempFolder()
    const store = new DirectoryRecordingStore(folder)
    expect(await store.unfinished()).toEqual([])
    await mkdir(join(folder, 'live/sub'), { recursive: true })
    for (const name of [
      `live/sub/gone.mp4.${GONE}.tmp`,
      // Another process that runs, and one whose start is in a form that cannot be compared.
      `live/running.flv.${processOf(process.ppid)}.tmp`,
      `live/older.flv.${process.ppid}-k3x9.tmp`,
      // The same id in a container that was started again.
      `earlier.flv.${process.pid}-0.tmp`,
      `own.flv.${SELF}.tmp`,
      'whole.flv',
      'other.txt.1-0.tmp',
    ]) {
      await writeFile(join(folder, name), 'x')
    }
    await store.create('open.flv')
    for (const one of [store, new DirectoryRecordingStore(folder)]) {
      expect(await one.unfinished()).toEqual(['earlier.flv', 'live/sub/gone.mp4'])
    }
  })

  it.runIf(existsSync('/proc/self/stat'))(
    'are also those of a process whose id belongs to another one now: of an earlier start, or an earlier boot',
    async () => {
      const folder = await tempFolder()
      const [id, boot] = processOf(process.ppid).split('_')
      await writeFile(join(folder, `before.flv.${process.ppid}-1_${boot}.tmp`), 'x')
      await writeFile(join(folder, `boot.flv.${id}_${boot === '00000000' ? '1' : '0'}0000000.tmp`), 'x')
      expect(await new DirectoryRecordingStore(folder).unfinished()).toEqual(['before.flv', 'boot.flv'])
    },
  )

  it('are found beside a folder that cannot be read, which is told', async () => {
    const folder = await tempFolder()
    for (const name of ['a', 'lost+found', 'z']) await mkdir(join(folder, name))
    for (const name of ['a/a.flv', 'z/z.flv']) await writeFile(join(folder, `${name}.${GONE}.tmp`), 'x')
    await chmod(folder, 0o755)
    await chmod(join(folder, 'lost+found'), 0o700)
    const failed: string[] = []
    const found = await asNobody(() =>
      new DirectoryRecordingStore(folder).unfinished({
        removed: () => expect.unreachable(),
        failed: (key, error) => failed.push(`${key} ${(error as NodeJS.ErrnoException).code}`),
      }),
    )
    expect(found).toEqual(['a/a.flv', 'z/z.flv'])
    expect(failed).toEqual(['lost+found EACCES'])
  })

  it('are found beside junk that cannot be removed, which is told', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'kept'))
    await writeFile(join(folder, `kept/show.mp4.${GONE}.copy.tmp`), 'half')
    await writeFile(join(folder, `show.flv.${GONE}.tmp`), 'x')
    for (const path of [folder, join(folder, 'kept')]) await chmod(path, 0o755)
    const failed: string[] = []
    const found = await asNobody(() =>
      new DirectoryRecordingStore(folder).unfinished({
        removed: () => expect.unreachable(),
        failed: (key, error) => failed.push(`${key} ${(error as NodeJS.ErrnoException).code}`),
      }),
    )
    expect(found).toEqual(['show.flv'])
    expect(failed).toEqual(['kept/show.mp4 EACCES'])
  })

  it('are finished by one of two that find them', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, `show.flv.${GONE}.tmp`), 'abc')
    const [a, b] = [new DirectoryRecordingStore(folder), new DirectoryRecordingStore(folder)]
    const [one, other] = [await a.reopen('show.flv'), await b.reopen('show.flv')]
    expect(await one.finish()).toBe(join(folder, 'show.flv'))
    await expect(other.finish()).rejects.toThrow('ENOENT')
    await other.close()
    expect(await listOf(folder)).toEqual(['show.flv'])
  })

  it('are opened and finished', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'live'))
    await writeFile(join(folder, `live/gone.flv.${GONE}.tmp`), 'abc')
    const store = new DirectoryRecordingStore(folder)
    const file = await store.reopen('live/gone.flv')
    expect([file.key, file.length]).toEqual(['live/gone.flv', 3])
    await file.append(Buffer.from('d'))
    expect(await file.finish()).toBe(join(folder, 'live/gone.flv'))
    expect(await readFile(join(folder, 'live/gone.flv'), 'utf8')).toBe('abcd')
    await expect(store.reopen('live/gone.flv')).rejects.toThrow(RangeError)
  })

  it('of a copy that was not ready: the copy goes, the file stays', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, `show.mp4.${GONE}.tmp`), 'fragmented')
    await writeFile(join(folder, `show.mp4.${GONE}.copy.tmp`), 'half')
    const removed: string[] = []
    const found = await new DirectoryRecordingStore(folder).unfinished({
      removed: (key, reason) => removed.push(`${key}: ${reason}`),
      failed: () => expect.unreachable(),
    })
    expect(found).toEqual(['show.mp4'])
    expect(removed).toEqual(['show.mp4: a copy that was not ready'])
    expect(await listOf(folder)).toEqual([`show.mp4.${GONE}.tmp`])
  })

  it('that had their name already are done with', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'show.flv'), 'whole')
    await link(join(folder, 'show.flv'), join(folder, `show.flv.${GONE}.tmp`))
    // An MP4 of which the copy has its name, under a number.
    await writeFile(join(folder, `film.mp4.${GONE}.tmp`), 'fragmented')
    await writeFile(join(folder, 'film-1.mp4'), 'whole')
    await link(join(folder, 'film-1.mp4'), join(folder, `film.mp4.${GONE}.copy.tmp`))
    expect(await new DirectoryRecordingStore(folder).unfinished()).toEqual([])
    expect(await listOf(folder)).toEqual(['film-1.mp4', 'show.flv'])
  })

  it('with a link that somebody else made, for a backup, are not', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, `show.flv.${GONE}.tmp`), 'unfinished')
    await link(join(folder, `show.flv.${GONE}.tmp`), join(await tempFolder(), 'backup'))
    expect(await new DirectoryRecordingStore(folder).unfinished()).toEqual(['show.flv'])
  })
})

/** Runs `work` with the rights of a user who owns nothing: nobody refuses root. */
async function asNobody<Result>(work: () => Promise<Result>): Promise<Result> {
  const user = process.geteuid?.()
  if (user !== 0) return await work()
  process.seteuid!(65_534)
  try {
    return await work()
  } finally {
    process.seteuid!(user)
  }
}
