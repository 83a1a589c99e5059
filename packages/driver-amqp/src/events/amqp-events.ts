import {
  type AppendOptions,
  type Cursor,
  type EventDriver,
  type EventReader,
  type EventRecord,
  GroupReader,
  OpenReaders,
  parseStart,
  type ReaderOptions,
} from '@cli-ops/shared-ipc/driver'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import type { Names } from '../names.js'
import { AmqpElection } from './amqp-election.js'
import { EventWriter } from './event-writer.js'
import { parsePosition } from './log-position.js'
import { StreamReader } from './stream-reader.js'

/** Where events are stored and how to reach them. */
export interface EventContext {
  readonly publishing: AmqpConnection
  /** Separate: a broker short of memory stops reading from connections that publish, acknowledgements included. */
  readonly reading: AmqpConnection
  /** Separate: a stream in the making can cost a reader its connection, which must not cost a group its active consumer. */
  readonly grouping: AmqpConnection
  readonly names: Names
}

/** Events on a stream queue. */
export class AmqpEvents implements EventDriver {
  readonly #context: EventContext
  readonly #writer: EventWriter
  readonly #readers = new OpenReaders()

  constructor(context: EventContext) {
    this.#context = context
    this.#writer = new EventWriter(context.publishing, context.names.log)
  }

  async append(records: readonly EventRecord[], { retention }: AppendOptions): Promise<Cursor[]> {
    return records.length === 0 ? [] : this.#writer.append(records, retention)
  }

  openReader({ from, group }: ReaderOptions): EventReader {
    const { reading: connection, grouping, names } = this.#context
    const start = parseStart(from, parsePosition)
    const place = { connection, queue: names.log }
    return this.#readers.open((forget) =>
      group === undefined
        ? new StreamReader(place, start, forget)
        : new GroupReader(
            group,
            new AmqpElection({ ...place, grouping, groupQueue: names.group(group) }, start, forget),
          ),
    )
  }

  clean(): number {
    // The broker expires whole segments on its own.
    return 0
  }

  close(): void {
    this.#readers.close()
    this.#writer.close()
  }
}
