import { basename } from 'node:path'

/**
 * Reports a file whose name, up to its first dot, is not in kebab-case.
 *
 * @type {import('eslint').Rule.RuleModule}
 */
export const kebabCaseFiles = {
  meta: { type: 'suggestion', schema: [] },
  create: (context) => ({
    Program(node) {
      const [stem = ''] = basename(context.filename).split('.')
      if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) return
      context.report({ node, message: `File name "${stem}" is not in kebab-case.` })
    },
  }),
}
