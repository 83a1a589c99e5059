export { standardEventSchemas } from './standard-event-schemas.js'
export {
  eventEnvelopeSchema,
  groupAttemptsSchema,
  groupCursorSchema,
  parkedEventSchema,
  segmentHeaderSchema,
  segmentSealSchema,
  storedEventSchema,
} from './event-envelope-schema.js'
export { lockHolderSchema, lockTicketSchema } from './lock-record-schemas.js'
export { serviceRecordSchema } from './service-record-schema.js'
export {
  lockSharerNameSchema,
  lockStateNameSchema,
  lockTicketNameSchema,
  tokenFloorNameSchema,
  segmentNameSchema,
  serviceRecordNameSchema,
  settlingRecordNameSchema,
} from './file-name-schemas.js'
export {
  pongSchema,
  rpcErrorDataSchema,
  rpcErrorSchema,
  rpcIdSchema,
  rpcMessageSchema,
  rpcNotificationSchema,
  rpcReplySchema,
  rpcRequestSchema,
} from './json-rpc-schemas.js'
export {
  cancelRequestSchema,
  closingSchema,
  pingSchema,
  progressSchema,
  requestReportSchema,
  requestsSchema,
} from './control-message-schemas.js'
export { homeConfigSchema } from './config-schema.js'
