/** The `--json` option of every command. */
export const JSON_OPTION = { type: 'boolean', default: false, describe: 'print JSON' } as const
