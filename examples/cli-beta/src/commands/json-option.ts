/** `--json`, as every command has it. */
export const JSON_OPTION = { type: 'boolean', default: false, describe: 'print JSON' } as const
