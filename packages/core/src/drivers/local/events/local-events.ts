import type { Cursor } from '../../../events/contract/event-types.js'
import type {
  AppendOptions,
  EventDriver,
  EventReader,
  EventRecord,
  LockDriver,
  ReaderOptions,
} from '../../driver.js'
import type { Home } from '../home/home.js'
import { GroupAttempts } from './group-attempts.js'
import { GroupCursors } from './group-cursor.js'
import { GroupLease } from './group-lease.js'
import { GroupReader } from './group-reader.js'
import { createLogAppender } from './log-appender.js'
import type { LogPosition } from './log-position.js'
import { LogReader } from './log-reader.js'
import { LogWatch } from './log-watch.js'
import { ParkedEvents } from './parked-events.js'
import { PlainReader } from './plain-reader.js'
import { assertStartPosition, beginningOfLog, resolveStart } from './start-position.js'

/** The events of the local driver: the segmented log of `docs/reference/event-log.md`. */
export interface LocalEvents extends EventDriver {
  appendSync(events: readonly EventRecord[], options: AppendOptions): Cursor[]
  /** Closes the open segment. The next append opens it again. */
  close(): void
}

/** Detects killed processes, and appends the events that they could not. */
export interface Deaths {
  /** Checks once. */
  look(): void
  /** Checks repeatedly, until `stop`. */
  start(): void
  stop(): void
}

/**
 * Creates the events of the local driver.
 *
 * @param groupLocks creates the locks by which a group's readers elect the active one, on first use
 * @param now the wall clock, in milliseconds since the epoch
 * @param deaths what readers run when they start and while they wait
 */
export function createLocalEvents(
  home: Home,
  groupLocks: () => LockDriver,
  now: () => number = Date.now,
  deaths?: Deaths,
): LocalEvents {
  const { fileSystem } = home
  const { events: directory, groups } = home.paths
  const watch = new LogWatch(fileSystem, directory, deaths)
  const appender = createLogAppender(home, () => watch.wake(), now)
  const cursors = new GroupCursors(fileSystem, groups)
  const parked = new ParkedEvents(home, () => watch.wake())
  let locks: LockDriver | undefined

  const open = ({ from, group }: ReaderOptions): EventReader => {
    const start = (): LogPosition => resolveStart(fileSystem, directory, from)
    if (group === undefined)
      return new PlainReader(new LogReader(fileSystem, directory, start()), watch)
    home.inDirectory(groups, () => cursors.createIfMissing(group, start))
    return new GroupReader({
      group,
      home,
      cursors,
      lease: new GroupLease((locks ??= groupLocks()), group),
      watch,
      parked,
      openAttempts: () => new GroupAttempts(fileSystem, groups, group),
      openLog: (position) => new LogReader(fileSystem, directory, position),
      earliest: () => beginningOfLog(fileSystem, directory),
    })
  }

  return {
    append: (events, options) => appender.appendSync(events, options),
    appendSync: (events, options) => appender.appendSync(events, options),
    parking: {
      groups: () => home.attempt(() => parked.groups()),
      list: (...place) => home.attempt(() => parked.list(...place)),
      retry: (...which) => home.attempt(() => parked.retry(...which)),
      drop: (...which) => home.attempt(() => parked.drop(...which)),
    },
    openReader(options: ReaderOptions): EventReader {
      assertStartPosition(options.from)
      appender.prepare()
      // Creates the directory, so that it can be watched.
      home.inDirectory(directory, () => {
        if (fileSystem.status(directory) === undefined) throw missing(directory)
      })
      const reader = home.attempt(() => open(options))
      // After the reader's start position, so that the reader receives the events that this stores.
      deaths?.look()
      return reader
    },
    clean(retention, options) {
      return home.attempt(() => {
        // Creates nothing if there is nothing to clean.
        if (fileSystem.status(directory) === undefined) return 0
        appender.prepare()
        return appender.expire(retention, true, options)
      })
    },
    close: () => appender.close(),
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`${path} does not exist`), { code: 'ENOENT' })
}
