import { openDriver } from '../../engine/open-driver.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import { instanceOf } from '../../locks/contract/lock-id.js'
import type { Lock, LockWaiter } from '../../locks/contract/lock-types.js'
import { runMarkName } from '../../locks/contract/slot-name.js'
import { MAY_BE_REPLACED } from './run-mark.js'

/**
 * Returns the process that runs next, if another run asked a replaceable run to end; `undefined` if no run asked, for example if a
 * person sent the signal.
 */
export async function whoReplaces(
  connection: ConnectionOptions,
  { resource, id }: Pick<Lock, 'resource' | 'id'>,
): Promise<LockWaiter | undefined> {
  const handle = openDriver(connection, 'locks')
  try {
    const { locks } = await handle.open()
    const marks = (await locks.inspect(runMarkName(resource)))?.holders ?? []
    const own = marks.filter((mark) => instanceOf(mark.id) === instanceOf(id))
    // The process that asks takes one of the two away.
    if (own.some(({ label }) => label !== MAY_BE_REPLACED)) return undefined
    return (await locks.inspect(resource))?.waiting[0]
  } finally {
    await handle.close()
  }
}
