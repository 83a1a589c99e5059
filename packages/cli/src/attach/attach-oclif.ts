import type { AttachedBy, AttachTask } from './attach-program.js'
import { OCLIF_CORE, oclifVersion } from './find-framework.js'
import { readBundledOclif } from './bundled-oclif.js'
import { NotAttachable, runInstead } from './not-attachable.js'
import { loadsPlugin, readOclifCli, whyPluginIsOut } from './oclif-cli.js'
import { linkPlugin, OCLIF_PLUGIN, unlinkPlugin } from './oclif-plugin-link.js'
import { pluginFolder } from './plugin-folder.js'

/**
 * Attaches an oclif CLI: adds the plugin to those that its user installed, unless it has it already. Succeeds only if the CLI loads the
 * plugin.
 *
 * @throws NotAttachable; the plugin is then removed again
 */
export async function attachOclif(task: AttachTask): Promise<AttachedBy> {
  const { home, command, folder = '', script, lock } = task
  const version = oclifVersion(folder, command, lock)
  const { dataDir, commands, isSingle } =
    version === null ? readBundledOclif(folder) : await readOclifCli(folder)
  task.judge(commands)
  const attached = { framework: OCLIF_CORE, version, commands, pluginsDir: dataDir }
  if (await loadsPlugin(script)) return { ...attached, undo: () => undefined }
  const plugin = pluginFolder(OCLIF_PLUGIN)
  if (plugin === undefined) {
    throw new NotAttachable(
      `${OCLIF_PLUGIN} is missing here`,
      `run "npm install --global ${OCLIF_PLUGIN}", then attach it again`,
    )
  }
  await linkPlugin(home, dataDir, plugin)
  const undo = (): Promise<void> => unlinkPlugin(home, dataDir)
  try {
    const reason = (await loadsPlugin(script))
      ? undefined
      : isSingle
        ? '"--help" ran without it'
        : await whyPluginIsOut(script)
    if (reason === undefined) return { ...attached, dataDir, undo }
    throw new NotAttachable(
      `the plugin is not loaded (${reason}): the CLI does not load what ${dataDir}/package.json lists`,
      runInstead(command, lock),
    )
  } catch (error) {
    await undo()
    throw error
  }
}
