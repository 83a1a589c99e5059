import { encodeFileName } from '../../../base/names/file-name.js'
import { monotonicMs } from '../../../base/process/monotonic-time.js'
import { byAge, toServiceInfo } from '../../../registry/contract/service-info.js'
import type { ServiceInfo } from '../../../registry/contract/service-types.js'
import type { CleanOptions } from '../../../locks/contract/lock-driver.js'
import type { MaybePromise } from '../../../base/wait/maybe-promise.js'
import type { RegistryDriver, ServiceQuery } from '../../../registry/contract/registry-driver.js'
import type { Home } from '../home/home.js'
import { DeadRecords } from './dead-records.js'
import { DeathWatch } from './death-watch.js'
import { probeEndpoints } from './probe-endpoints.js'
import type { RecordFileName } from './record-file-name.js'
import { RecordLiveness } from './record-liveness.js'
import { createRecordKeeper } from './record-keeper.js'
import { RecordStore } from './record-store.js'
import { settleDead } from './settle-dead.js'

/** The time that a discovery spends on dead processes, after the first; the next call continues. */
const DISCOVERY_BUDGET_MS = 50

/** Creates the registry of the local driver: one file for each instance. */
export function createLocalRegistry(home: Home, deaths = new DeathWatch(home)): RegistryDriver {
  const registry = new LocalRegistry(home, deaths)
  return {
    ...createRecordKeeper(home, registry.store),
    discover: (query) => registry.discover(query),
    reportsDeaths: true,
    watch: (listener) => registry.watch(listener),
    clean: (options) => registry.clean(options),
  }
}

class LocalRegistry {
  readonly store: RecordStore
  readonly #home: Home
  readonly #deaths: DeathWatch

  constructor(home: Home, deaths: DeathWatch) {
    this.#home = home
    this.#deaths = deaths
    this.store = new RecordStore(home)
  }

  discover({ name, probe, readOnly = false }: ServiceQuery): MaybePromise<ServiceInfo[]> {
    const encodedName = name === undefined ? undefined : encodeFileName(name)
    const liveness = new RecordLiveness(this.#home)
    const dead = new DeadRecords(this.#home, this.store, liveness)
    const deadline = monotonicMs() + DISCOVERY_BUDGET_MS
    let hasTaken = false
    const mayTake = (): boolean => {
      if (readOnly || (hasTaken && monotonicMs() >= deadline)) return false
      return (hasTaken = true)
    }
    const found: ServiceInfo[] = []
    const { records, settling } = this.store.list()
    for (const file of records) {
      if (encodedName !== undefined && file.encodedName !== encodedName) continue
      const state = liveness.of(file)
      if (state !== 'dead') {
        if (!file.temporary) this.#addTo(found, file, state === 'stopped')
      } else if (mayTake()) dead.take(file)
    }
    for (const file of settling) if (mayTake()) dead.takeOver(file)
    if (!readOnly) dead.settle()
    found.sort(byAge)
    return probe ? probeEndpoints(found, this.#home.fileSystem) : found
  }

  watch(listener: () => void): () => void {
    const stop = this.store.watch(listener)
    const stopChecks = this.#deaths.watch(() => {
      listener()
    })
    return () => {
      stop()
      stopChecks()
    }
  }

  clean({ deadline = Infinity }: CleanOptions = {}): ServiceInfo[] {
    const { removed } = settleDead(this.#home, { deadline })
    return removed.map((record) => toServiceInfo(record, 'live')).sort(byAge)
  }

  #addTo(found: ServiceInfo[], file: RecordFileName, isStopped: boolean): void {
    const record = this.store.read(file)
    if (record === undefined) return
    found.push(isStopped ? toServiceInfo(record, 'hung', 'stopped') : toServiceInfo(record, 'live'))
  }
}
