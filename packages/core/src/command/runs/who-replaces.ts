import { openDriver } from '../../engine/open-driver.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import { instanceOf } from '../../locks/contract/lock-id.js'
import type { Lock, LockWaiter } from '../../locks/contract/lock-types.js'
import { runMarkName } from '../../locks/contract/slot-name.js'
import { MAY_BE_REPLACED } from './run-mark.js'

/**
 * Who runs next, where a run that may be replaced has been asked to end by another run; `undefined` where nobody has asked, as where a
 * person sent it a signal.
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
    // Who asks takes one of the two away.
    if (own.some(({ label }) => label !== MAY_BE_REPLACED)) return undefined
    return (await locks.inspect(resource))?.waiting[0]
  } finally {
    await handle.close()
  }
}
