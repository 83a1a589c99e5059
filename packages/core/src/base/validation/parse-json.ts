/**
 * Parses JSON that another process wrote. Members called `__proto__` are dropped at any depth: `JSON.parse` itself
 * makes them harmless own properties, but the first `Object.assign` of a handler would turn one into a prototype.
 *
 * @throws SyntaxError for text that is not JSON, RangeError for a suspect text nested thousands of levels deep
 */
export function parseJson(text: string): unknown {
  // The underscore can be written as an escape; such texts are rare, so they take the slow path too.
  const suspect = text.includes('__proto__') || text.includes('\\u005')
  return suspect ? JSON.parse(text, dropPrototype) : JSON.parse(text)
}

function dropPrototype(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value
}
