import { fs } from '../builtins.js'

/**
 * Returns 12 random hexadecimal digits. On Linux they come from the kernel's uuid file, because loading node:crypto would cost every
 * command 3 ms.
 */
export function randomId(): string {
  let uuid: string
  try {
    uuid = fs.readFileSync('/proc/sys/kernel/random/uuid', 'utf8')
  } catch {
    uuid = process.getBuiltinModule('node:crypto').randomUUID()
  }
  // The last group of a version 4 uuid is entirely random.
  return uuid.trim().slice(-12)
}
