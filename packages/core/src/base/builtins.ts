/**
 * Node's modules as the path of a command uses them. An `import` would build an ES module around each of them, which costs a
 * command more than what it does with it.
 */
export const fs = process.getBuiltinModule('node:fs')
export const path = process.getBuiltinModule('node:path')

/**
 * The path of an entry of a directory. `join` would look at every character, and V8 optimizes what it does for that in
 * the middle of a command, for more than the rest of the kit costs.
 */
export function entryPath(directory: string, name: string): string {
  return directory + path.sep + name
}
