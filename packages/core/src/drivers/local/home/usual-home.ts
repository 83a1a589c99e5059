import { entryPath } from '../../../base/builtins.js'
import type { FileSystem } from './file-system.js'
import { homeBase } from './home-base.js'
import { isNetworkFileSystem } from './network-file-system.js'
import { isPrivateDirectory } from './is-private-directory.js'

/**
 * A home in one namespace as nearly every command finds it: the directory exists and belongs to this user alone. `Home` adds
 * creating the home and reporting what is wrong with it.
 */
export class UsualHome {
  readonly root: string
  readonly namespace: string
  readonly fileSystem: FileSystem
  /** The namespace's directory. */
  readonly base: string
  #isUsual: boolean | undefined
  #isLocal: boolean | undefined

  constructor(root: string, namespace: string, fileSystem: FileSystem, part = '') {
    this.root = root
    this.namespace = namespace
    this.fileSystem = fileSystem
    const base = homeBase(root, namespace)
    this.base = part === '' ? base : entryPath(base, part)
  }

  /** Returns the path of one of the namespace's directories. */
  directory(name: string): string {
    return entryPath(this.base, name)
  }

  /** Returns whether there is nothing to create and nothing to refuse. Checked once. */
  isUsual(): boolean {
    try {
      return (this.#isUsual ??= isPrivateDirectory(this.fileSystem.status(this.root)))
    } catch {
      return false
    }
  }

  /** Forces a new check: the directory has disappeared. */
  forget(): void {
    this.#isUsual = undefined
  }

  /** False on NFS, SMB and the like, where appends, and the liveness of other hosts, cannot be trusted. */
  get isLocal(): boolean {
    return (this.#isLocal ??= !isNetworkFileSystem(this.root, this.fileSystem))
  }

  /** Returns the error to throw if the file system fails. */
  failure(error: unknown): unknown {
    return error
  }
}
