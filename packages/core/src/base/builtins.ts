/**
 * Node's modules for the code path of a command. An `import` would wrap each of them in an ES module, which costs a command more than
 * using it.
 */
export const fs = process.getBuiltinModule('node:fs')
export const path = process.getBuiltinModule('node:path')

/**
 * Returns the path of a directory entry. `join` checks every character, and V8 would optimize that code in the middle of a command,
 * which costs more than the rest of the kit.
 */
export function entryPath(directory: string, name: string): string {
  return directory + path.sep + name
}
