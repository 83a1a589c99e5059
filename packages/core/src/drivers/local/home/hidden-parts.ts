/** The path sets of a namespace besides the users' own. */
export const HIDDEN_PARTS = { eventGroups: 'event-groups', fileNames: 'file-names' } as const
