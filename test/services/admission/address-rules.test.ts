import { type AddressRule, addressRules } from 'millrace/services/admission'
import { describe, expect, it } from 'vitest'
import { never, request } from '../requests.ts'

type Action = 'publish' | 'play'
type Case = readonly [
  name: string,
  rules: AddressRule[],
  asked: Partial<Record<`${Action} ${string}`, boolean>>,
]

async function ask(rules: AddressRule[], order: 'in-order' | 'srs', asked: string): Promise<boolean> {
  const [action, remoteAddress] = asked.split(' ') as [Action, string]
  const answer = await addressRules(rules, { order })(request({ action, remoteAddress }), never)
  if (answer === 'abstain') return true
  expect(answer).toEqual({ type: 'reject', reason: `this address may not ${action}` })
  return false
}

const inOrder: Case[] = [
  [
    'no rule lets everybody in',
    [],
    { 'publish 192.0.2.7': true, 'play 192.0.2.7': true, 'play 2001:db8::1': true },
  ],
  [
    'deny one address',
    ['deny all 192.0.2.7'],
    {
      'publish 192.0.2.7': false,
      'play 192.0.2.7': false,
      'play 192.0.2.8': true,
      'play ::ffff:192.0.2.7': false,
    },
  ],
  [
    'allow one network',
    ['allow publish 10.0.0.0/8'],
    { 'publish 10.1.2.3': true, 'publish 192.0.2.7': false, 'play 192.0.2.7': true },
  ],
  [
    'the first that matches decides',
    ['allow publish 10.1.0.0/16', 'deny publish 10.0.0.0/8', 'allow publish all'],
    { 'publish 10.1.2.3': true, 'publish 10.2.0.1': false, 'publish 192.0.2.7': true },
  ],
  [
    'an exception before the rule',
    ['deny play 10.1.2.3', 'allow play 10.0.0.0/8'],
    { 'play 10.1.2.3': false, 'play 10.1.2.4': true, 'play 192.0.2.7': false },
  ],
  [
    'deny all behind an exception',
    ['allow all 2001:db8::/32', 'deny all all'],
    { 'play 2001:db8::1': true, 'play 2001:db9::1': false, 'publish 192.0.2.7': false },
  ],
  [
    'an address that nobody knows',
    ['allow publish 10.0.0.0/8', 'deny play 10.0.0.0/8'],
    { 'publish ': false, 'play ': false },
  ],
  ['an address that nobody knows, where all may', ['allow all all'], { 'publish ': true, 'play unix': true }],
]

// SRS: `security { enabled on; … }`, its five cases.
const likeSrs: Case[] = [
  ['no rule denies everybody', [], { 'publish 192.0.2.7': false, 'play 192.0.2.7': false }],
  [
    'a deny rule that matches',
    ['deny publish 192.0.2.7', 'deny play 10.0.0.0/8'],
    { 'publish 192.0.2.7': false, 'play 10.0.0.1': false, 'publish 10.0.0.1': true },
  ],
  [
    'deny comes first, wherever it stands',
    ['allow publish 10.0.0.0/8', 'deny publish all'],
    { 'publish 10.1.2.3': false },
  ],
  [
    'an allow rule that matches',
    ['allow play 10.0.0.0/8'],
    { 'play 10.1.2.3': true, 'play 192.0.2.7': false },
  ],
  [
    'allow of the other kind alone',
    ['allow publish 10.0.0.0/8'],
    { 'play 10.1.2.3': false, 'publish 10.1.2.3': true },
  ],
  ['deny rules alone', ['deny play 192.0.2.7'], { 'play 192.0.2.8': true, 'publish 192.0.2.7': true }],
  ['all', ['allow play all', 'allow publish all'], { 'play 192.0.2.7': true, 'publish 2001:db8::1': true }],
]

describe.each<[order: 'in-order' | 'srs', cases: Case[]]>([
  ['in-order', inOrder],
  ['srs', likeSrs],
])('%s', (order, cases) => {
  it.each(cases)('%s', async (_, rules, asked) => {
    const answers: Record<string, boolean> = {}
    for (const each of Object.keys(asked)) answers[each] = await ask(rules, order, each)
    expect(answers).toEqual(asked)
  })
})

it('rules that cannot be read are a mistake of the caller, with all of them named', () => {
  const rules = [
    'allow publish',
    'permit play all',
    'deny play 192.0.2.0/40',
    'deny play all',
  ] as AddressRule[]
  expect(() => addressRules(rules)).toThrow(TypeError)
  expect(() => addressRules(rules)).toThrow(
    /"allow publish" is not[\s\S]*"permit play all" is not[\s\S]*192\.0\.2\.0\/40/,
  )
  expect(() => addressRules([], { order: 'random' } as never)).toThrow(TypeError)
  expect(() => addressRules([], { ordre: 'srs' } as never)).toThrow(/ordre/)
})
