/** The sets of paths of a namespace, beside that of the users. */
export const HIDDEN_PARTS = { eventGroups: 'event-groups', fileNames: 'file-names' } as const
