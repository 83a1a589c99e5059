// The exit codes of a process that the kit ends, or marks as failed, with the names and numbers of sysexits.h.

/** `EX_TEMPFAIL`: its lock is busy, and nothing else is wrong. */
export const EXIT_BUSY = 75
/** `EX_UNAVAILABLE`: the engine or the home cannot be used. */
export const EXIT_UNAVAILABLE = 69
/** `EX_PROTOCOL`: `cli-ops run` lost its lock while the program ran. */
export const EXIT_LOST = 76
/** `EX_NOPERM`: the engine or the home denies access. */
export const EXIT_REFUSED = 77
/** `EX_CONFIG`: a rule, URL or option is wrong. */
export const EXIT_CONFIG = 78
