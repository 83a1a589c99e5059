import type { ServiceRecord } from '@cli-ops/shared-ipc/driver'

/** The records of a driver. */
export interface Member {
  readonly driverId: string
  readonly records: readonly ServiceRecord[]
}

/** A query to every registered driver. */
export interface Query {
  readonly id: string
  /** The asker's records, if they are new: a query and an announcement in one. */
  readonly asker?: Member
  /** Selects the drivers that list the others they know. */
  readonly salt: string
}

/** A driver's answer. */
export interface Answer extends Member {
  readonly queryId: string
  /** The other drivers that it knows; only a few drivers include them. */
  readonly others?: readonly Member[]
}

/** How many drivers list the others. Some of them can be dead, or new themselves. */
const SPOKESMEN = 8

/** The drivers that have registered something, as far as this driver knows. */
export class Members {
  readonly #members = new Map<string, Member>()

  get size(): number {
    return this.#members.size
  }

  /** Stores a driver's records; a driver without records is not a member. */
  learn(member: Member): void {
    if (member.records.length > 0) this.#members.set(member.driverId, member)
    else this.#members.delete(member.driverId)
  }

  forget(driverId: string): void {
    this.#members.delete(driverId)
  }

  clear(): void {
    this.#members.clear()
  }

  /** Returns the members if this driver is selected to list them; each query selects different ones. */
  toTell(driverId: string, salt: string): readonly Member[] | undefined {
    if (this.size > SPOKESMEN && fractionOf(driverId + salt) > SPOKESMEN / this.size)
      return undefined
    return [...this.#members.values()]
  }
}

/** Maps texts evenly to 0 to 1 (FNV-1a). */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash / 2 ** 32
}
