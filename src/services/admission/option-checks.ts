/**
 * Checks of options that several rules have. They need no zod: who imports a rule loads little more than the hub.
 *
 * @module
 */
import { AN_OBJECT, oneOf, type OptionCheck } from '../../hub/internal.ts'

/** How many there may be. */
export const A_COUNT: OptionCheck = {
  expected: 'a whole number, or Infinity',
  isKind: (value) => value === Infinity || (Number.isInteger(value) && (value as number) >= 0),
}

/** Time and timers. */
export const A_CLOCK: OptionCheck = { ...AN_OBJECT, expected: 'a Clock' }

/** A finite number. */
export function finite(expected: string, isValid: (value: number) => boolean): OptionCheck {
  return { expected, isKind: (value) => Number.isFinite(value) && isValid(value as number) }
}

/** A list of what `each` accepts. */
export function listOf(each: OptionCheck): OptionCheck {
  return {
    expected: `an array, each ${each.expected}`,
    isKind: (value) => Array.isArray(value) && value.every((item) => each.isKind(item)),
  }
}

const isSecret = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** One secret, or several. */
export const SECRETS: OptionCheck = {
  expected: 'a text or an array of texts, none of them empty',
  isKind: (value) => isSecret(value) || (Array.isArray(value) && value.length > 0 && value.every(isSecret)),
  isRequired: true,
}

/** What must be signed. */
export const ACTIONS = listOf(oneOf('publish', 'play'))
