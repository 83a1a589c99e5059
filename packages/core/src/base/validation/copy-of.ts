/** Returns a copy of JSON data, as another process would get it. Not every test environment has `structuredClone`. */
export function copyOf<T>(data: T): T {
  return JSON.parse(JSON.stringify(data)) as T
}
