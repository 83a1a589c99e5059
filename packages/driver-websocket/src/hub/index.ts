export { createHub, type Hub, type HubHealth } from './hub.js'
export type { HubOptions, HubStore, HubTls } from './hub-options.js'
export {
  HUB_SCOPES,
  hashToken,
  type HubScope,
  type HubToken,
  type TokenSource,
} from './hub-token.js'
