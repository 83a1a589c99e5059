import type { ServiceRecord } from '@cli-ops/shared-ipc/driver'

/** The records of a driver. */
export interface Member {
  readonly driverId: string
  readonly records: readonly ServiceRecord[]
}

/** What is asked of every driver that others reach. */
export interface Query {
  readonly id: string
  /** The asker's records, where these are new: a question and an announcement at once. */
  readonly asker?: Member
  /** Chooses the drivers that list the others they know. */
  readonly salt: string
}

/** What a driver answers. */
export interface Answer extends Member {
  readonly queryId: string
  /** The other drivers that it knows, from a few of many. */
  readonly others?: readonly Member[]
}

/** How many drivers list the others. Some of them may be dead, or new themselves. */
const SPOKESMEN = 8

/** The drivers that have registered something, as far as they are known here. */
export class Members {
  readonly #members = new Map<string, Member>()

  get size(): number {
    return this.#members.size
  }

  /** Learns the records of a driver; one without records is no member. */
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

  /** The members, where this driver is chosen to list them; each question chooses others. */
  toTell(driverId: string, salt: string): readonly Member[] | undefined {
    if (this.size > SPOKESMEN && fractionOf(driverId + salt) > SPOKESMEN / this.size)
      return undefined
    return [...this.#members.values()]
  }
}

/** Spreads texts over 0 to 1 (FNV-1a). */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash / 2 ** 32
}
