export { standardEventSchemas } from './standard-event-schemas.js'
export {
  eventEnvelopeSchema,
  groupCursorSchema,
  segmentHeaderSchema,
  segmentSealSchema,
  storedEventSchema,
} from './event-envelope-schema.js'
export { homeConfigSchema } from './config-schema.js'
