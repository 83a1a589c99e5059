/** The primitives, each of which can be on an engine of its own. */
export const PRIMITIVES = ['locks', 'events', 'registry', 'rpc'] as const
