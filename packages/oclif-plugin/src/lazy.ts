/** What only a few commands need, as a file loaded on demand. */
export * from '@cli-ops/shared-ipc/command/lazy'
