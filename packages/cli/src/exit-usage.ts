/** Exit code of a wrong command, option or argument. */
export const EXIT_USAGE = 2
