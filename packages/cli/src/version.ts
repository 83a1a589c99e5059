import { createRequire } from 'node:module'

/** The version of this package. */
export function version(): string {
  const require = createRequire(import.meta.url)
  // Resolved through the package's own name: a bundle can move this file to another folder.
  const manifest = require('@cli-ops/cli/package.json') as { readonly version: string }
  return manifest.version
}
