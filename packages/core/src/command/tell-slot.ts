/** Tells a command, and its children, which slot it has. Does nothing without a slot. */
export function tellSlot({ slot }: { readonly slot?: string | undefined }): void {
  if (slot !== undefined) process.env['CLI_OPS_LOCK_SLOT'] = slot
}
