import { assertSameOptions, type CliOpsOptions } from '@cli-ops/shared-ipc/command'

import type { YargsInstance } from './yargs-instance.js'

// A preload and the host's own import are two copies of this file.
const KEY = Symbol.for('cli-ops.coordinated-yargs')
type Global = typeof globalThis & { [KEY]?: WeakMap<YargsInstance, CliOpsOptions> }

/** A plugin's place among those on one instance. */
export interface PluginOrder {
  /** False for a further plugin: its command has already begun. */
  readonly isFirst: boolean
  /** Why nothing can run: the rules of a further plugin would not hold. */
  readonly fault?: Error
}

/** Checks whether another plugin coordinates the instance, and with which options. */
export function checkPlugins(
  yargs: YargsInstance | undefined,
  options: CliOpsOptions,
): PluginOrder {
  if (yargs === undefined) return { isFirst: true }
  const instances = ((globalThis as Global)[KEY] ??= new WeakMap<YargsInstance, CliOpsOptions>())
  const first = instances.get(yargs)
  if (first === undefined) instances.set(yargs, options)
  if (first === undefined || first === options) return { isFirst: true }
  try {
    assertSameOptions(first, options)
    return { isFirst: false }
  } catch (error) {
    return { isFirst: false, fault: error as Error }
  }
}
