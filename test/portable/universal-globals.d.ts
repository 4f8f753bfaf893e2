// The globals that Node, browsers, Deno, Bun and workers all have, and that the portable folders may therefore use.
// Timers, clocks, randomness and Buffer are left out on purpose.

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}
