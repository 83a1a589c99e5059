import { monotonicMs } from '../../../process/monotonic-time.js'
import { byAge, toServiceInfo } from '../../../registry/service-info.js'
import type { ServiceInfo } from '../../../registry/service-types.js'
import { encodeFileName } from '../../../names/file-name.js'
import type { CleanOptions } from '../../lock-driver.js'
import type { MaybePromise } from '../../maybe-promise.js'
import type { RegistryDriver, ServiceQuery, ServiceRecord } from '../../registry-driver.js'
import type { Home } from '../home.js'
import { DeadSockets } from '../rpc/socket-path.js'
import { probeEndpoints } from './probe-endpoints.js'
import type { RecordFileName } from './record-file-name.js'
import { RecordLiveness } from './record-liveness.js'
import { createRecordKeeper } from './record-keeper.js'
import { RecordStore } from './record-store.js'

/** Makes the registry of the local driver: one file for each instance. */
export function createLocalRegistry(home: Home): RegistryDriver {
  const registry = new LocalRegistry(home)
  return {
    ...createRecordKeeper(home, registry.store),
    discover: (query) => registry.discover(query),
    watch: (listener) => registry.store.watch(listener),
    clean: (options) => registry.clean(options),
  }
}

class LocalRegistry {
  readonly store: RecordStore
  readonly #home: Home

  constructor(home: Home) {
    this.#home = home
    this.store = new RecordStore(home)
  }

  discover({ name, probe }: ServiceQuery): MaybePromise<ServiceInfo[]> {
    const encodedName = name === undefined ? undefined : encodeFileName(name)
    const liveness = this.#judge()
    const deadSockets = new DeadSockets(this.#home)
    const found: ServiceInfo[] = []
    for (const file of this.store.list()) {
      if (encodedName !== undefined && file.encodedName !== encodedName) continue
      const state = liveness.of(file)
      if (state === 'dead') this.#collect(file, this.store.read(file), deadSockets)
      else if (!file.temporary) this.#addTo(found, file, state === 'stopped' ? 'hung' : 'live')
    }
    found.sort(byAge)
    return probe ? probeEndpoints(found, this.#home.fileSystem) : found
  }

  clean({ deadline = Infinity }: CleanOptions = {}): ServiceInfo[] {
    const liveness = this.#judge()
    const deadSockets = new DeadSockets(this.#home)
    const removed: ServiceInfo[] = []
    for (const file of this.store.list()) {
      if (monotonicMs() >= deadline) break
      if (liveness.of(file) !== 'dead') continue
      const record = file.temporary ? undefined : this.store.read(file)
      if (this.#collect(file, record, deadSockets) && record !== undefined)
        removed.push(toServiceInfo(record, 'live'))
    }
    return removed.sort(byAge)
  }

  #judge(): RecordLiveness {
    return new RecordLiveness(() => this.#home.isLocal)
  }

  #addTo(found: ServiceInfo[], file: RecordFileName, state: ServiceInfo['state']): void {
    const record = this.store.read(file)
    if (record !== undefined) found.push(toServiceInfo(record, state))
  }

  /** The record goes last: while it is there, a collector that was interrupted is followed by another. */
  #collect(
    file: RecordFileName,
    record: ServiceRecord | undefined,
    deadSockets: DeadSockets,
  ): boolean {
    if (record !== undefined) deadSockets.remove(file.instance, record.endpoint)
    return this.store.collect(file)
  }
}
