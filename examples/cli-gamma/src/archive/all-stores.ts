import { PROJECTS } from '../projects/project-store.js'

/**
 * The locks of the three stores, in the order to take them. Every process that needs several takes them in this order,
 * so that no two processes ever wait for each other in a cycle.
 */
export const ALL_STORES = ['task-database', 'items', PROJECTS] as const
