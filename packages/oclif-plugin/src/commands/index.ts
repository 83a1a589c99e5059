import { OPS_COMMANDS } from '@cli-ops/shared-ipc/command'

import { OPS_TOPIC } from '../ops-topic.js'
import { createOpsCommand, type OpsCommandClass } from './ops-command-class.js'

/** The commands of the `ops` topic, by id, built from the table that all frameworks share. */
export const OPS_COMMAND_CLASSES: Readonly<Record<string, OpsCommandClass>> = Object.fromEntries(
  OPS_COMMANDS.map((spec) => [
    `${OPS_TOPIC}:${spec.path.replaceAll(' ', ':')}`,
    createOpsCommand(spec),
  ]),
)
