import type { OclifConfig, RunCommand } from '../oclif-config.js'

// A CLI may have the plugin twice, its own and its user's.
const COORDINATED = Symbol.for('cli-ops.coordinated')

/**
 * Puts the plugin around every command of the CLI. oclif awaits this hook before it runs one, and each one goes through
 * `config.runCommand()`: what belongs to it, the host's own `prerun` hooks included, comes after that. It is wrapped on the class, since
 * oclif makes a new configuration for each command. Help and version load no more than this file.
 */
export function init({ config }: { readonly config: OclifConfig }): Promise<void> {
  const { runCommand } = config
  if (COORDINATED in runCommand) return Promise.resolve()
  const coordinated = async function (
    this: OclifConfig,
    ...[id, argv = [], ...rest]: Parameters<RunCommand>
  ): Promise<unknown> {
    const { runCoordinated } = await import('../run-coordinated.js')
    const run = (): Promise<unknown> => Reflect.apply(runCommand, this, [id, argv, ...rest])
    return runCoordinated(this, id, argv, run)
  }
  const prototype = Object.getPrototypeOf(config) as object
  Object.defineProperty('runCommand' in prototype ? prototype : config, 'runCommand', {
    configurable: true,
    writable: true,
    value: Object.assign(coordinated, { [COORDINATED]: true }),
  })
  return Promise.resolve()
}
