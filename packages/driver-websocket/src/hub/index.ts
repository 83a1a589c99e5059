export { createHub, type Hub, type HubHealth } from './hub.js'
export type { HubOptions, HubStore, HubTls } from './hub-options.js'
export {
  HUB_SCOPES,
  hashAccessKey,
  type HubScope,
  type AccessKey,
  type AccessKeySource,
} from './access-key.js'
