/**
 * What is wrong with a value that may have one of several forms, in words of the form that was meant.
 *
 * @module
 */
import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/** `issue` itself, or what stands behind one that says no more than that no form fits. */
export function faultsOf(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const forms = issue.errors.map((found) => found.flatMap(faultsOf))
  const meant = formMeant(forms)
  if (meant !== undefined) return meant.map((fault) => ({ ...fault, path: [...issue.path, ...fault.path] }))
  if (issue.message !== UNSAID) return [issue]
  const first = forms.flatMap((faults) => faults.slice(0, 1))
  const said = first.find(({ message }) => !message.startsWith(UNSAID))
  return [{ ...issue, message: said?.message ?? expectedOf(first) }]
}

/** What zod says when the schema says nothing. */
const UNSAID = 'Invalid input'

/** All types in one sentence. */
function expectedOf(faults: readonly Issue[]): string {
  const types = new Set(faults.flatMap((fault) => (fault.code === 'invalid_type' ? [fault.expected] : [])))
  const received = faults[0]?.message.split(', ').at(-1) ?? ''
  return `${UNSAID}: expected ${[...types].join(' or ')}, ${received}`
}

/** The one form whose type the value has, with a fault within; of several the one that has all keys of the value. */
function formMeant(forms: readonly Issue[][]): Issue[] | undefined {
  const fitting = forms.filter((faults) => !faults.some(isOfAnotherType))
  if (fitting.length < 2) return fitting[0]
  const knowing = fitting.filter((faults) => !faults.some(({ code }) => code === 'unrecognized_keys'))
  return knowing.length === 1 ? knowing[0] : undefined
}

function isOfAnotherType({ path, code }: Issue): boolean {
  return (
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union')
  )
}
