/** An option that loads a module before the program, in a text of `NODE_OPTIONS`. */
const LOADER = /--(?:require|import|loader|experimental-loader)[ =](?:"(?:[^"\\]|\\.)*"|\S+)/gu
/** The files that Yarn writes for it. */
const ITS_FILE = /\.pnp\.(?:cjs|loader\.mjs)"?$/u

/**
 * Of the options that a process was started with, those of Yarn's Plug'n'Play. Without them Node cannot read a package out of its
 * archive, so whatever this process starts from one needs them as well.
 */
export function plugNPlayOptions(nodeOptions = ''): string | undefined {
  const loaders = nodeOptions.match(LOADER)?.filter((option) => ITS_FILE.test(option)) ?? []
  return loaders.length === 0 ? undefined : loaders.join(' ')
}
