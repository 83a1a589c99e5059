import { pathToFileURL } from 'node:url'

import { replaceInArguments, replaceInNodeOptions, type ReplaceModule } from './node-options.js'

/** How a preload was named, and its file. */
export interface Preload {
  /** What a person writes after `--require`. */
  readonly specifier: string
  /** The file that it resolves to. */
  readonly file: string
}

/**
 * Replaces a preload's bare specifier with its file in what children inherit: `process.execArgv` and `NODE_OPTIONS`. Node
 * resolves a bare specifier from the working directory, so a fork in another folder would fail to start.
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
