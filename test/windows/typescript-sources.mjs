// Lets Node load the sources directly: a relative import of `x.js` in a TypeScript file means `x.ts`, as in TypeScript.
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context
    if (parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/u.test(specifier)) {
      const source = new URL(specifier.replace(/\.js$/u, '.ts'), parentURL)
      if (existsSync(source)) return next(source.href, context)
    }
    return next(specifier, context)
  },
})
