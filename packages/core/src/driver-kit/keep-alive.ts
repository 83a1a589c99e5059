import { clearInterval, setInterval } from '../base/wait/own-timers.js'

/** Keeps the process alive between `ref` and `unref`. A driver's sockets never do. */
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
