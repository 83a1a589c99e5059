import * as z from 'zod'

/** The identity of a process, as part of file names. Facts that the platform does not provide are empty. */
const IDENTITY = String.raw`p\d+\.t\d+\.s\d*\.b[0-9a-f]*\.n\d*\.m[0-9a-f]*(?:\.w\d*)?`
const LOCK_ID = String.raw`[\w-]{1,64}`
const TOKEN = String.raw`[1-9]\d{0,29}`
const ENCODED_NAME = String.raw`(?:[a-z0-9._~-]|%[0-9A-F]{2})+`

function fileName(pattern: string): z.ZodString {
  return z.string().regex(new RegExp(`^${pattern}$`, 'u'))
}

/** The single file in `locks/<resource>.lock/` that is the state of a lock: not granted yet, free, held alone, shared. */
export const lockStateNameSchema = fileName(
  `(?:new~${LOCK_ID}|(?:free|shared)~${TOKEN}|held~${TOKEN}~${LOCK_ID}~${IDENTITY})`,
)

/** A sharer's file next to the state. */
export const lockSharerNameSchema = fileName(`sharer~${LOCK_ID}~${IDENTITY}`)

/** A waiter's file in `queues/<resource>/`: the arrival in nanoseconds, the mode (`h` if the flow holds others), … */
export const lockTicketNameSchema = fileName(String.raw`\d{20}~[xs]h?~${LOCK_ID}~${IDENTITY}`)

/** The single file in `floor/`: a number that no token of a removed lock exceeded. */
export const tokenFloorNameSchema = fileName(TOKEN)

/** A service's file in `registry/`: the encoded name, the instance, the identity. */
export const serviceRecordNameSchema = fileName(
  String.raw`${ENCODED_NAME}~[0-9a-f]{12}~${IDENTITY}\.json`,
)

/**
 * A dead process's file in `registry/` while another process settles it: the encoded name, the instance, the other process's identity.
 */
export const settlingRecordNameSchema = fileName(
  String.raw`${ENCODED_NAME}~[0-9a-f]{12}~${IDENTITY}\.dead`,
)

/** A segment of the event log in `events/`. */
export const segmentNameSchema = fileName(String.raw`\d{8,}\.ndjson`)
