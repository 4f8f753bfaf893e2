/**
 * Options of constructors, checked once where they come in, without a library: the layers up to the hub have none.
 *
 * @module
 */

/** Options that all have a value. */
export type Given<Options> = { readonly [Key in keyof Options]-?: Exclude<Options[Key], undefined> }

/** What an option must be. */
export interface OptionCheck {
  /** In words, for the error. */
  readonly expected: string
  /** Whether it is of the right kind. */
  readonly isKind: (value: unknown) => boolean
  /** Least value of a number. */
  readonly least?: number
  /** Whether it must be given. */
  readonly isRequired?: boolean
}

/** A check for each option there is. */
export type OptionChecks<Options> = { readonly [Key in keyof Options]-?: OptionCheck }

export const A_FUNCTION: OptionCheck = {
  expected: 'a function',
  isKind: (value) => typeof value === 'function',
}
export const A_BOOLEAN: OptionCheck = {
  expected: 'true or false',
  isKind: (value) => typeof value === 'boolean',
}
export const A_STRING: OptionCheck = { expected: 'a string', isKind: (value) => typeof value === 'string' }
export const AN_OBJECT: OptionCheck = {
  expected: 'an object',
  isKind: (value) => typeof value === 'object' && value !== null,
}

/** A number of at least `least`. */
export function aNumber(least = 0): OptionCheck {
  return { expected: 'a number', isKind: (value) => typeof value === 'number', least }
}

/** One of some words. */
export function oneOf(...words: readonly string[]): OptionCheck {
  return {
    expected: words.map((word) => `'${word}'`).join(' or '),
    isKind: (value) => typeof value === 'string' && words.includes(value),
  }
}

/**
 * Checks what plain JavaScript may give; an option that is `undefined` counts as not given.
 * @param name - whose options they are, for the error.
 * @throws TypeError that names every unknown, missing or wrong option; RangeError for a number out of its range.
 */
export function checkOptions<Options>(name: string, options: unknown, checks: OptionChecks<Options>): void {
  if (!AN_OBJECT.isKind(options))
    throw new TypeError(`${name}: options must be an object, not ${wordsOf(options)}`)
  const given = options as Readonly<Record<string, unknown>>
  const known = checks as Readonly<Record<string, OptionCheck>>
  const problems: string[] = []
  for (const [key, value] of Object.entries(given)) {
    const check = Object.hasOwn(known, key) ? known[key] : undefined
    if (check === undefined) problems.push(`unknown option ${key}`)
    else if (value !== undefined && !check.isKind(value)) {
      problems.push(`${key} is ${wordsOf(value)}, not ${check.expected}`)
    }
  }
  for (const [key, { isRequired, expected }] of Object.entries(known)) {
    if (isRequired === true && given[key] === undefined) problems.push(`${key} is missing, ${expected}`)
  }
  if (problems.length > 0) throw new TypeError(`${name}: ${problems.join('; ')}`)
  for (const [key, value] of Object.entries(given)) {
    const { least = 0 } = known[key]!
    if (typeof value === 'number' && !(value >= least)) {
      throw new RangeError(`${name}: ${key} is ${value}; at least ${least} is needed`)
    }
  }
}

function wordsOf(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
