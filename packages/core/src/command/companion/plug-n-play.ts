/** A loader option in the text of `NODE_OPTIONS`. */
const LOADER = /--(?:require|import|loader|experimental-loader)[ =](?:"(?:[^"\\]|\\.)*"|\S+)/gu
/** The files that Yarn generates for Plug'n'Play. */
const ITS_FILE = /\.pnp\.(?:cjs|loader\.mjs)"?$/u

/**
 * Returns the options of Yarn's Plug'n'Play among those that a process was started with. Without them Node cannot read a package
 * from its archive, so every child started from a package needs them as well.
 */
export function plugNPlayOptions(nodeOptions = ''): string | undefined {
  const loaders = nodeOptions.match(LOADER)?.filter((option) => ITS_FILE.test(option)) ?? []
  return loaders.length === 0 ? undefined : loaders.join(' ')
}
