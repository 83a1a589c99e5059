import { dirname, relative, resolve, sep } from 'node:path'
import { root } from './workspaces.mjs'

const CORE = resolve(root, 'packages/core/src')

/**
 * The core's folders from the bottom to the top. A file imports only from its own folder and from those above it in
 * this list, types included. So no two folders import each other, and a change can only break what is below it in the
 * list.
 */
const LAYERS = [
  // Knows nothing of the product.
  'base',
  'base/wait',
  'base/names',
  'base/files',
  'base/process',
  'base/terminal',
  'base/errors',
  'base/validation',
  'schemas',
  // What each primitive is, and what an engine must do for it.
  'locks/contract',
  'registry/contract',
  'events/contract',
  'rpc/contract',
  'locks/slots',
  'drivers',
  // The engines, and their shared code.
  'driver-kit',
  'drivers/local/home',
  'drivers/local/events',
  'drivers/local/rpc',
  'drivers/local/registry',
  'drivers/local/locks',
  'drivers/local',
  'drivers/memory',
  'drivers/disabled',
  'engine',
  // The public classes.
  'events',
  'registry',
  'locks/history',
  'locks',
  'rpc',
  'config-watcher',
  'coordinator',
  // The lifecycle around a command.
  'command/options',
  'command/host',
  'command/preload',
  'command/waiting',
  'command/runs',
  'command/companion',
  'command',
  'ops',
  'testing/conformance/harness',
  'testing/conformance/locks',
  'testing/conformance/events',
  'testing/conformance/registry',
  'testing/conformance/rpc',
  'testing/conformance/faults',
  'testing/conformance',
  'testing',
  // The entries.
  '',
]

/**
 * Reports an import in the core that goes up the layers.
 *
 * @type {import('eslint').Rule.RuleModule}
 */
export const layers = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const from = folderOf(context.filename)
    const own = LAYERS.indexOf(from)
    /** @param {{ source?: any }} node */
    const check = ({ source }) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return
      if (!source.value.startsWith('.')) return
      const to = folderOf(resolve(dirname(context.filename), source.value))
      const other = LAYERS.indexOf(to)
      const message =
        other === -1
          ? `Folder "${to}" is missing from scripts/eslint-layers.mjs.`
          : `"${from}" is below "${to}" (scripts/eslint-layers.mjs): pass in what it needs, or move what both need down.`
      if (other === -1 || other > own) context.report({ node: source, message })
    }
    return {
      Program(node) {
        if (own === -1)
          context.report({
            node,
            message: `Folder "${from}" is missing from scripts/eslint-layers.mjs.`,
          })
      },
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    }
  },
}

/** @param {string} file */
function folderOf(file) {
  return relative(CORE, dirname(file)).split(sep).join('/')
}
