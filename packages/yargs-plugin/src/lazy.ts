/** What only few commands need, as a file that is loaded on top. */
export * from '@cli-ops/shared-ipc/command/lazy'
