import type { ServiceMetadata } from './assert-metadata.js'

/** What a registration needs from its registry. */
interface Registrar {
  register(name: string, metadata: ServiceMetadata | object): Promise<Registration>
  unregister(name: string): Promise<void>
}

/** This process's record under one name. */
export class Registration {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'Registration'
  readonly name: string
  /** Unique id of the instance; the same for all names of this process. */
  readonly instance: string
  readonly #registrar: Registrar

  constructor(registrar: Registrar, name: string, instance: string) {
    this.#registrar = registrar
    this.name = name
    this.instance = instance
  }

  /** Merges further fields into the record. Rejects like `register`. */
  async update(metadata: ServiceMetadata | object): Promise<void> {
    await this.#registrar.register(this.name, metadata)
  }

  /** Removes the registration. A second call does nothing. */
  async unregister(): Promise<void> {
    await this.#registrar.unregister(this.name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unregister()
  }
}
