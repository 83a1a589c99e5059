/** The topic of the plugin's own commands. */
export const OPS_TOPIC = 'ops'

/** Returns whether a command is one of the plugin's own. */
export function isOpsCommand(id: string | undefined): boolean {
  return id === OPS_TOPIC || id?.startsWith(`${OPS_TOPIC}:`) === true
}
