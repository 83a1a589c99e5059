import type { Cursor } from '../../../events/event-types.js'
import type {
  AppendOptions,
  EventDriver,
  EventReader,
  EventRecord,
  LockDriver,
  ReaderOptions,
} from '../../driver.js'
import type { Home } from '../home.js'
import { GroupCursors } from './group-cursor.js'
import { GroupLease } from './group-lease.js'
import { GroupReader } from './group-reader.js'
import { createLogAppender } from './log-appender.js'
import { LogReader } from './log-reader.js'
import { LogWatch } from './log-watch.js'
import { PlainReader } from './plain-reader.js'
import { assertStartPosition, beginningOfLog, resolveStart } from './start-position.js'

/** The events of the local driver: the segmented log of `docs/reference/event-log.md`. */
export interface LocalEvents extends EventDriver {
  appendSync(events: readonly EventRecord[], options: AppendOptions): Cursor[]
  /** Gives the open segment back. The next append opens it anew. */
  close(): void
}

/**
 * Makes the events of the local driver.
 *
 * @param groupLocks makes the locks by which a group's readers elect the active one, at first need
 * @param now the wall clock, in milliseconds since the epoch
 */
export function createLocalEvents(
  home: Home,
  groupLocks: () => LockDriver,
  now: () => number = Date.now,
): LocalEvents {
  const { fileSystem } = home
  const { events: directory, groups } = home.paths
  const watch = new LogWatch(fileSystem, directory)
  const appender = createLogAppender(home, () => watch.wake(), now)
  const cursors = new GroupCursors(fileSystem, groups)
  let locks: LockDriver | undefined

  return {
    append: (events, options) => appender.appendSync(events, options),
    appendSync: (events, options) => appender.appendSync(events, options),
    openReader(options: ReaderOptions): EventReader {
      assertStartPosition(options.from)
      appender.prepare()
      // Makes the directory, so that it can be watched.
      home.inDirectory(directory, () => {
        if (fileSystem.status(directory) === undefined) throw missing(directory)
      })
      const start = (): ReturnType<typeof resolveStart> =>
        resolveStart(fileSystem, directory, options.from)
      const { group } = options
      if (group === undefined)
        return new PlainReader(new LogReader(fileSystem, directory, start()), watch)
      home.inDirectory(groups, () => cursors.createIfMissing(group, start))
      return new GroupReader({
        group,
        cursors,
        lease: new GroupLease((locks ??= groupLocks()), group),
        watch,
        openLog: (position) => new LogReader(fileSystem, directory, position),
        earliest: () => beginningOfLog(fileSystem, directory),
      })
    },
    clean(retention, options) {
      // Nothing is made where there is nothing to clean.
      if (fileSystem.status(directory) === undefined) return 0
      appender.prepare()
      return appender.expire(retention, true, options)
    },
    close: () => appender.close(),
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`${path} does not exist`), { code: 'ENOENT' })
}
