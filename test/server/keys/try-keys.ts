/** Each key of the configuration file has a test that sets it and sees what it does. */
import { expect, it } from 'vitest'
import { configSections } from '../../support/config-keys.ts'

/**
 * Declares the tests of one section, by key as the reference page has it without the section's name. A key without a test fails, and so
 * does a test without a key.
 */
export function tryKeys(section: string, tests: Readonly<Record<string, () => void | Promise<void>>>): void {
  const { keys } = configSections().find(({ name }) => name === section)!
  it('each key has its test', () => {
    expect(Object.keys(tests).toSorted()).toEqual(keys.map(({ path }) => path).toSorted())
  })
  for (const [key, test] of Object.entries(tests)) {
    it(`${section} ${key}`, async () => {
      expect.hasAssertions()
      await test()
    })
  }
}
