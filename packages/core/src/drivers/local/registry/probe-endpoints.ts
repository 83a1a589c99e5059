import type { ServiceInfo } from '../../../registry/contract/service-types.js'
import type { MaybePromise } from '../../../base/wait/maybe-promise.js'
import type { FileSystem } from '../home/file-system.js'
import { pingEndpoint } from '../rpc/ping-endpoint.js'
import { isLocalEndpoint } from '../rpc/socket-path.js'

/** More connections at once could exhaust the process's descriptors. */
const MAX_PARALLEL = 128

/**
 * Pings the instances that have an endpoint and adds the result: `hung` without an answer; no endpoint if nothing
 * listens any more although the process is alive. Processes that the kernel reports as stopped are not pinged.
 */
export function probeEndpoints(
  services: ServiceInfo[],
  fileSystem: FileSystem,
): MaybePromise<ServiceInfo[]> {
  const isAsked = ({ endpoint, state }: ServiceInfo): boolean =>
    endpoint !== undefined && state === 'live' && isLocalEndpoint(endpoint)
  if (!services.some(isAsked)) return services
  return probeAll(services, isAsked, fileSystem)
}

async function probeAll(
  services: readonly ServiceInfo[],
  isAsked: (service: ServiceInfo) => boolean,
  fileSystem: FileSystem,
): Promise<ServiceInfo[]> {
  const probed = [...services]
  const rest = services.entries()
  const worker = async (): Promise<void> => {
    for (const [index, service] of rest)
      if (isAsked(service)) probed[index] = await probe(service, fileSystem)
  }
  await Promise.all(Array.from({ length: Math.min(MAX_PARALLEL, services.length) }, worker))
  return probed
}

async function probe(service: ServiceInfo, fileSystem: FileSystem): Promise<ServiceInfo> {
  const { endpoint, ...rest } = service
  switch (await pingEndpoint(endpoint ?? '', fileSystem)) {
    case 'answered':
      return service
    case 'silent':
      return { ...service, state: 'hung', reason: 'unanswered' }
    case 'gone':
      return rest
  }
}
