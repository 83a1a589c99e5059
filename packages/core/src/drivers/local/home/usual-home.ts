import { entryPath } from '../../../base/builtins.js'
import type { FileSystem } from './file-system.js'
import { homeBase } from './home-base.js'
import { isNetworkFileSystem } from './network-file-system.js'
import { isPrivateDirectory } from './private-directory.js'

/**
 * A home in one namespace as nearly every command finds it: the directory is there, and this user's alone. What is done first of
 * all goes on from here; making the home, and saying what is wrong with it, is what `Home` adds.
 */
export class UsualHome {
  readonly root: string
  readonly namespace: string
  readonly fileSystem: FileSystem
  /** The directory of the namespace. */
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

  /** Path of one of the directories of the namespace. */
  directory(name: string): string {
    return entryPath(this.base, name)
  }

  /** Tells whether there is nothing to make and nothing to refuse. Looked at once. */
  isUsual(): boolean {
    try {
      return (this.#isUsual ??= isPrivateDirectory(this.fileSystem.status(this.root)))
    } catch {
      return false
    }
  }

  /** Looks again: what was there has gone. */
  forget(): void {
    this.#isUsual = undefined
  }

  /** False on NFS, SMB and the like, where appends and the liveness of other hosts cannot be trusted. */
  get isLocal(): boolean {
    return (this.#isLocal ??= !isNetworkFileSystem(this.root, this.fileSystem))
  }

  /** What is thrown where the file system fails. */
  failure(error: unknown): unknown {
    return error
  }
}
