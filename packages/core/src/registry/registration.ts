import type { ServiceMetadata } from './assert-metadata.js'

/** What a registration asks of its registry. */
interface Registrar {
  register(name: string, metadata: ServiceMetadata | object): Promise<Registration>
  unregister(name: string): Promise<void>
}

/** This process's record under one name. */
export class Registration {
  readonly name: string
  /** Unique id of the instance; equal for all names of this process. */
  readonly instance: string
  readonly #registrar: Registrar

  constructor(registrar: Registrar, name: string, instance: string) {
    this.#registrar = registrar
    this.name = name
    this.instance = instance
  }

  /** Merges further fields into the record. Rejects as `register` does. */
  async update(metadata: ServiceMetadata | object): Promise<void> {
    await this.#registrar.register(this.name, metadata)
  }

  /** Takes the record back; doing it twice does nothing. */
  async unregister(): Promise<void> {
    await this.#registrar.unregister(this.name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unregister()
  }
}
