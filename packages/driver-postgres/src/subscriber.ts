import type { ChannelSubscriber } from '@cli-ops/shared-ipc/driver'
import type { Client } from 'pg'

/** Listens on channels of a database. */
export type Subscriber = ChannelSubscriber<Client>
