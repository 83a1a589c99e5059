import type { OclifConfig, RunCommand } from '../oclif-config.js'

// A CLI can have the plugin twice: its own, and its user's.
const COORDINATED = Symbol.for('cli-ops.coordinated')

/**
 * Wraps every command of the CLI. oclif awaits this hook before it runs a command, and every command goes through `config.runCommand()`;
 * everything that belongs to it, including the host's own `prerun` hooks, comes after that. The class is wrapped, since oclif creates a
 * new configuration for each command. Help and version load no more than this file.
 */
export async function init({ config }: { readonly config: OclifConfig }): Promise<void> {
  // Set by `cli-ops attach`, which checks this way that the CLI loads the plugin.
  if (process.env['CLI_OPS_PROBE'] !== undefined)
    (await import('../run-coordinated.js')).reportToProbe()
  const { runCommand } = config
  if (COORDINATED in runCommand) return
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
}
