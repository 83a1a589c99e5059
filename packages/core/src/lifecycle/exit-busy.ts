/** Exit code of a command that did not run because its lock was not to be had (EX_TEMPFAIL of sysexits.h). */
export const EXIT_BUSY = 75
