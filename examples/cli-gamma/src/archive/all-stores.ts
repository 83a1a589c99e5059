import { PROJECTS } from '../projects/project-store.js'

/**
 * The locks of the three stores, in the order in which they are taken. Whoever needs more than one takes them in this
 * order, so that two never wait for each other in a circle.
 */
export const ALL_STORES = ['task-database', 'items', PROJECTS] as const
