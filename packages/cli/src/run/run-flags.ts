/** One option of `cli-ops run`. */
export interface RunFlag {
  /** The flags as commander and the help show them. */
  readonly flags: string
  readonly description: string
  /** The key of its value. */
  readonly key: string
  /** Its value if it takes none. */
  readonly value?: boolean
}

/** The options of `cli-ops run`, shared by both parsers of its command line. */
export const RUN_FLAGS: readonly RunFlag[] = [
  { flags: '-l, --lock <resource>', key: 'lock', description: 'what the lock protects' },
  {
    flags: '-s, --shared',
    key: 'shared',
    value: true,
    description: 'share the lock with other shared holders',
  },
  {
    flags: '--slots <slots>',
    key: 'slots',
    description: 'how many may run at once, or the names of their slots: "3" or "a,b"',
  },
  {
    flags: '--queue <who>',
    key: 'queue',
    description: 'who waits: "all" (the default), or only the "latest"; the others exit with 75',
  },
  {
    flags: '--label <text>',
    key: 'label',
    description: 'what the lock is for, shown to waiters: production',
  },
  {
    flags: '-w, --wait <duration>',
    key: 'wait',
    description: 'give up after this time, with exit code 75',
  },
  {
    flags: '-n, --no-wait',
    key: 'wait',
    value: false,
    description: 'give up immediately if the lock is not free, with exit code 75',
  },
  {
    flags: '--on-busy <what>',
    key: 'onBusy',
    description:
      'if the lock is not free: "wait" (the default), "fail" with 75, "skip" with 0, "join" or "replace" the program that holds it',
  },
  {
    flags: '--quiet',
    key: 'quiet',
    value: true,
    description: 'say nothing while waiting or if skipped; failures are still reported',
  },
  {
    flags: '--grace <duration>',
    key: 'grace',
    description: 'how long the replaced program may take to end, 10s by default',
  },
  {
    flags: '--kill-after <duration>',
    key: 'killAfter',
    description: 'kill the program if it is still running this long after it was asked to end',
  },
  {
    flags: '-e, --emit <type[=json]>',
    key: 'emit',
    description: 'emit this event if the program exits with 0',
  },
  {
    flags: '-k, --keep-for <whom>',
    key: 'keepFor',
    description: 'who keeps the lock: "child" (the default) or "descendants"',
  },
]
