import { accept, type AccessDecision, Hub, redirect, reject } from 'millrace/hub'
import { type AccessRule, all, firstMatch, when } from 'millrace/services/admission'
import { describe, expect, it } from 'vitest'
import { never, request } from '../requests.ts'

/** A rule that says `answer` and writes down that it was asked, and of the end of whom it let in. */
function noting(log: string[], name: string, answer: Awaited<ReturnType<AccessRule>>): AccessRule {
  return async () => {
    log.push(name)
    await Promise.resolve()
    if (typeof answer !== 'object' || answer.type !== 'accept') return answer
    return { ...answer, onEnd: () => void log.push(`${name} over`) }
  }
}

describe('all', () => {
  it.each<[string, Awaited<ReturnType<AccessRule>>[], AccessDecision]>([
    ['no rule', [], accept()],
    ['nobody minds', ['abstain', true, accept()], accept()],
    ['false', [true, false, accept()], reject('not allowed')],
    [
      'a refusal',
      ['abstain', reject('members only', { notFound: true }), reject('later')],
      reject('members only', { notFound: true }),
    ],
    ['a redirect', [true, redirect('rtmp://b/live'), false], redirect('rtmp://b/live')],
    [
      'what was accepted, put together',
      [
        accept({ streamPath: '/live/a', takeOver: true }),
        true,
        accept({ streamPath: '/live/b', userData: 7 }),
      ],
      accept({ streamPath: '/live/b', takeOver: true, userData: 7 }),
    ],
  ])('%s', async (_, answers, expected) => {
    expect(await all(...answers.map((answer) => () => answer))(request(), never)).toEqual(expected)
  })

  it('asks one after the other, and nobody behind a refusal', async () => {
    const log: string[] = []
    await all(
      noting(log, 'a', true),
      noting(log, 'b', reject('no')),
      noting(log, 'c', true),
    )(request(), never)
    expect(log).toEqual(['a', 'b'])
  })

  it('the end is told to all who let in, the last first', async () => {
    const log: string[] = []
    const rules = [
      noting(log, 'a', accept()),
      noting(log, 'b', true),
      noting(log, 'c', accept()),
      noting(log, 'd', accept()),
    ]
    const decision = await all(...rules)(request(), never)
    expect(log.splice(0)).toEqual(['a', 'b', 'c', 'd'])
    if (decision === true || decision === false || decision.type !== 'accept') throw new Error('refused')
    decision.onEnd?.()
    expect(log).toEqual(['d over', 'c over', 'a over'])
  })

  it('one that throws at the end keeps no other from it', async () => {
    const log: string[] = []
    const failing = (): AccessDecision =>
      accept({
        onEnd: () => {
          throw new Error('broken')
        },
      })
    const decision = await all(noting(log, 'a', accept()), failing)(request(), never)
    expect(() => (decision as { onEnd(): void }).onEnd()).toThrow('broken')
    expect(log).toEqual(['a', 'a over'])
  })

  it.each<[string, AccessRule]>([
    ['refuses', () => reject('no')],
    ['says false', () => false],
    ['redirects', () => redirect('rtmp://b/live')],
  ])('whoever let in hears of the end when a later rule %s', async (_, last) => {
    const log: string[] = []
    await all(noting(log, 'a', accept()), noting(log, 'b', accept()), last)(request(), never)
    expect(log).toEqual(['a', 'b', 'b over', 'a over'])
  })

  it('a rule that throws turns the peer away, and the others hear of the end', async () => {
    const log: string[] = []
    const broken: AccessRule = () => Promise.reject(new Error('no database'))
    const hub = new Hub({ authorize: all(noting(log, 'a', accept()), broken) })
    const errors: unknown[] = []
    hub.on('authorizeError', (error) => errors.push(error))
    expect(await hub.authorize(request(), never)).toEqual(reject('the decision failed'))
    expect([log, errors]).toEqual([['a', 'a over'], [new Error('no database')]])
  })

  it.each([undefined, null, 'accept', {}, 1])('%j is no answer: nobody gets in', async (answer) => {
    const hub = new Hub({ authorize: all((() => answer) as unknown as AccessRule) })
    expect(await hub.authorize(request(), never)).toMatchObject({ type: 'reject' })
  })

  it('a peer that has gone meanwhile is asked about no more', async () => {
    const log: string[] = []
    const gone = new AbortController()
    const leaving: AccessRule = () => {
      gone.abort()
      return accept({ onEnd: () => void log.push('over') })
    }
    await all(leaving, noting(log, 'b', true))(request(), gone.signal)
    expect(log).toEqual(['over'])
  })

  it('rules behind a new name see it, and what the peer said', async () => {
    const seen: unknown[] = []
    const rename: AccessRule = () => accept({ streamPath: '/live/public' })
    const look: AccessRule = ({ streamPath, streamName, app }) => seen.push(streamPath, streamName, app) > 0
    await all(look, rename, look)(request({ streamName: 's3cret' }), never)
    expect(seen).toEqual(['/live/s3cret', 's3cret', 'live', '/live/public', 's3cret', 'live'])
  })
})

describe('firstMatch', () => {
  it.each<[string, Awaited<ReturnType<AccessRule>>[], AccessDecision | boolean]>([
    ['no rule lets nobody in', [], reject('not allowed')],
    ['all abstain', ['abstain', 'abstain'], reject('not allowed')],
    ['the first that says anything', ['abstain', true, false], true],
    ['also no', ['abstain', reject('no'), true], reject('no')],
  ])('%s', async (_, answers, expected) => {
    expect(await firstMatch(...answers.map((answer) => () => answer))(request(), never)).toEqual(expected)
  })

  it('stands in all, and the other way round', async () => {
    const members = when(
      ({ query }) => query['member'] !== undefined,
      () => true,
    )
    const rule = all(
      firstMatch(
        members,
        when(
          ({ action }) => action === 'play',
          () => true,
        ),
      ),
      () => true,
    )
    expect(await rule(request(), never)).toEqual(accept())
    expect(await rule(request({ action: 'publish' }), never)).toEqual(reject('not allowed'))
    expect(await rule(request({ action: 'publish', query: { member: '7' } }), never)).toEqual(accept())
  })
})

it('when abstains from what does not concern it', async () => {
  const rule = when(
    ({ action }) => action === 'publish',
    () => reject('no'),
  )
  expect(await rule(request(), never)).toBe('abstain')
  expect(await rule(request({ action: 'publish' }), never)).toEqual(reject('no'))
})
