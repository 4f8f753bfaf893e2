/**
 * Optional keys, between a file's reader and the library.
 *
 * @module
 */

/** `T`, whose absent keys are absent. */
export type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** The file's absent keys are `undefined`; the library wants absent keys absent. */
export function withoutUndefined<T extends object>(value: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<
    Defined<T>
  >
}
