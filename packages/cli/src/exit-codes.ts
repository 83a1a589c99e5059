// The exit codes of `cli-ops` besides those of the kit.

/** A wrong command, option or argument. */
export const EXIT_USAGE = 2
/** Nothing came in time, as with timeout(1). */
export const EXIT_TIMED_OUT = 124
/** As in a shell: the program of `run` is not executable. */
export const EXIT_NOT_EXECUTABLE = 126
/** As in a shell: the program of `run` was not found. */
export const EXIT_NOT_FOUND = 127
