/** Foreign programs that the interop tests talk to. Missing ones skip a test on a user's machine and fail it in CI. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, it } from 'vitest'

/** Programs that go by several names, and modules that are no programs. The rest is looked up by its own name. */
const CANDIDATES: Readonly<Record<string, readonly string[]>> = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  'nginx-rtmp': ['/usr/lib/nginx/modules/ngx_rtmp_module.so', '/usr/share/nginx/modules/ngx_rtmp_module.so'],
}

/** Servers live in sbin, which a user's PATH often lacks. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

function usable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

/**
 * The path of a program (`ffmpeg`, `rtmpdump`, `gst-launch-1.0` …), or `undefined` where it is not installed.
 * `chromium` also finds Chrome; `nginx-rtmp` is the path of nginx's RTMP module.
 */
export function tool(name: string): string | undefined {
  for (const candidate of CANDIDATES[name] ?? [name]) {
    if (candidate.startsWith('/')) {
      if (usable(candidate, constants.R_OK)) return candidate
      continue
    }
    for (const folder of FOLDERS) {
      const path = join(folder, candidate)
      if (folder !== '' && usable(path, constants.X_OK)) return path
    }
  }
  return undefined
}

/** The path of a program that the enclosing `describeWithTool`/`itWithTool` has found. */
export function requireTool(name: string): string {
  const path = tool(name)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}

type Names = string | readonly string[]

function missing(names: Names): string | undefined {
  const absent = [names].flat().filter((name) => tool(name) === undefined)
  return absent.length === 0 ? undefined : `${absent.join(', ')} not installed`
}

function report(title: string, reason: string): void {
  if (process.env['CI'] === 'true') {
    it(title, () => {
      throw new Error(reason)
    })
  } else {
    console.warn(`skipped: ${title}: ${reason}`)
    it.skip(`${title} (${reason})`)
  }
}

/** `describe` for tests that need foreign programs: skipped with the reason printed, or failed when `CI` is `true`. */
export function describeWithTool(names: Names, title: string, body: () => void): void {
  const reason = missing(names)
  if (reason === undefined) describe(title, body)
  else report(title, reason)
}

/** `it` for a test that needs foreign programs: skipped with the reason printed, or failed when `CI` is `true`. */
export function itWithTool(
  names: Names,
  title: string,
  body: () => void | Promise<void>,
  timeoutMs?: number,
): void {
  const reason = missing(names)
  if (reason === undefined) it(title, body, timeoutMs)
  else report(title, reason)
}
