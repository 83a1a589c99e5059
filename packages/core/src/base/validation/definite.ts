/** Returns the object without members that are `undefined`. */
export function definite<T extends object>(
  value: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const known = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(known) as { [Key in keyof T]?: Exclude<T[Key], undefined> }
}
