/** The topic under which the plugin's own commands stand. */
export const OPS_TOPIC = 'ops'

/** Tells whether a command is one of the plugin's own. */
export function isOpsCommand(id: string | undefined): boolean {
  return id === OPS_TOPIC || id?.startsWith(`${OPS_TOPIC}:`) === true
}
