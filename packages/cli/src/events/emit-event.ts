import type { EventBus } from '@cli-ops/shared-ipc'
import { assertEventType, jsonLine, type OpsRun } from '@cli-ops/shared-ipc/ops'

import { readJsonArgument } from '../json-argument.js'

/** `emit <type> [json]`. */
export const emitEvent: OpsRun = async ({ coordinator, args, options, print }) => {
  const [type, json] = args
  assertEventType(type, 'type')
  const data = await readJsonArgument(json, options)
  const event = await (coordinator.events as EventBus<Record<string, unknown>>).emit(type, data)
  print(event, `Emitted ${jsonLine(type)}.`)
  return 0
}
