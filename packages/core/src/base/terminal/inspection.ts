import type { InspectOptions, inspect as Inspect } from 'node:util'

/** How `console.log` shows an object; Node looks for this symbol. */
export const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** What Node passes to the method with that name. */
export type InspectArguments = readonly [
  depth: number,
  options: InspectOptions,
  inspect: typeof Inspect,
]

/** Shows an object by its public name and facts: the bundle renames its class, and getters hide what a person wants to see. */
export function inspection(
  name: string,
  facts: object,
  [depth, options, inspect]: InspectArguments,
): string {
  const title = name === '' ? '' : `${name} `
  return depth < 0 ? `[${name || 'Object'}]` : title + inspect(facts, options)
}

/** Returns the object, shown like that. Only when it is shown does anything read its facts. */
export function inspectedAs<T extends object>(object: T, name: string, facts: () => object): T {
  const value = (...args: InspectArguments): string => inspection(name, facts(), args)
  // Not enumerable: a copy or a comparison of the object does not see it.
  return Object.defineProperty(object, INSPECT, { value })
}
