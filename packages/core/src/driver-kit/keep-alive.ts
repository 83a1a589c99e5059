/** Keeps the process alive, while it is told to. Sockets of the driver never do. */
export class KeepAlive {
  #timer: NodeJS.Timeout | undefined

  ref(): void {
    this.#timer ??= setInterval(() => undefined, 2 ** 30)
  }

  unref(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
