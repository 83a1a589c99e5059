import { pathToFileURL } from 'node:url'

import { replaceInArguments, replaceInNodeOptions, type ReplaceModule } from './node-options.js'

/** How a preload was named, and where it is. */
export interface Preload {
  /** What a person writes behind `--require`. */
  readonly specifier: string
  /** The file that it stands for. */
  readonly file: string
}

/**
 * Writes the file of a preload in place of its bare specifier into what children inherit: `process.execArgv` and `NODE_OPTIONS`.
 * Node looks such a specifier up from the working directory, so a fork in another folder would end before it begins.
 */
export function keepPreload({ specifier, file }: Preload): void {
  const replace: ReplaceModule = (loader, module) => {
    if (module !== specifier) return undefined
    return loader === '--import' ? pathToFileURL(file).href : file
  }
  replaceInArguments(process.execArgv, replace)
  const options = process.env['NODE_OPTIONS']
  if (options?.includes(specifier) === true) {
    process.env['NODE_OPTIONS'] = replaceInNodeOptions(options, replace)
  }
}
