export { CliOpsError, isCliOpsError, type CliOpsErrorOptions } from './errors/cli-ops-error.js'
export { ERROR_CODES, type ErrorCode } from './errors/error-codes.js'
export { openDriver } from './drivers/open-driver.js'

export {
  ServiceRegistry,
  type RegistryCallOptions,
  type ServiceRegistryOptions,
} from './registry/service-registry.js'
export type { Registration } from './registry/registration.js'
export type { ServiceMetadata } from './registry/assert-metadata.js'
export type { ServiceChange, ServiceFilter, ServiceInfo } from './registry/service-types.js'

export { IPCServer, type IPCServerOptions } from './rpc/ipc-server.js'
export { IPCClient, type IPCClientOptions, type RequestOptions } from './rpc/ipc-client.js'
export type {
  HandlerSchemas,
  RequestClient,
  RequestContext,
  RequestHandler,
} from './rpc/request-handler.js'
