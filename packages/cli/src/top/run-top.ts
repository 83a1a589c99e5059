import { createStyle, hasColour, type OpsHandle, withinTime } from '@cli-ops/shared-ipc/ops'
import { emitKeypressEvents, type Interface } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'

import type { CommandEnd } from '../end-as.js'
import { LiveModel } from '../live/live-model.js'
import { atMost, withOpenOps } from '../live/with-open-ops.js'
import { FullScreen } from '../terminal/full-screen.js'
import { drawTop, pageSize } from './draw-top.js'
import { handleKey, type Key, type KeyEffect } from './handle-key.js'
import { textOf } from './print-once.js'
import { createTopState } from './top-state.js'

/** Options of {@link runTop}. */
export interface TopOptions {
  /** Print one snapshot as a line of JSON. */
  readonly json?: boolean
  /** Print one snapshot as text. */
  readonly once?: boolean
  /** False to use no colour. */
  readonly color?: boolean
}

const FIRST_FRAME_MS = 300
/** The minimum time between frames. */
const FRAME_MS = 50
/** Ages grow even if nothing changes. */
const TICK_MS = 1000
// Waiting distinguishes a lone Escape from the start of an arrow key; Node's default of half a second feels stuck.
const ESCAPE_SETTINGS = { escapeCodeTimeout: 50 } as unknown as Interface

/** Shows live state until a key or a signal ends it; in a pipe, one snapshot. */
export function runTop(options: TopOptions = {}): Promise<CommandEnd> {
  return withOpenOps((context) => runAt(context, options))
}

async function runAt(context: OpsHandle, options: TopOptions): Promise<CommandEnd> {
  const { json, once } = options
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb'
  const follow = isTerminal && once !== true && json !== true
  const model = new LiveModel(context, { follow })
  try {
    if (!follow) {
      await model.ready()
      const snapshot = model.snapshot()
      await print(json === true ? JSON.stringify(snapshot) : textOf(snapshot))
      return snapshot.problems.length === 0 ? 0 : 1
    }
    // The first frame is worth waiting for, but not if the engine does not answer.
    await withinTime(model.ready(), FIRST_FRAME_MS)
    return await new LiveTop(model, process.stdin, process.stdout, options).run()
  } finally {
    await atMost(model.close())
  }
}

/** The program on the terminal. */
class LiveTop {
  readonly #model: LiveModel
  readonly #input: ReadStream
  readonly #output: WriteStream & { readonly fd: number }
  readonly #style: ReturnType<typeof createStyle>
  #state = createTopState()
  #screen: FullScreen | undefined
  #frame: NodeJS.Timeout | undefined
  #end: (end: CommandEnd) => void = () => undefined

  constructor(
    model: LiveModel,
    input: ReadStream,
    output: WriteStream & { readonly fd: number },
    options: TopOptions,
  ) {
    this.#model = model
    this.#input = input
    this.#output = output
    this.#style = createStyle(options.color !== false && hasColour(output))
  }

  async run(): Promise<CommandEnd> {
    // A line on stderr would garble the screen; it is printed once the terminal is restored.
    const said = holdBackStderr()
    const ended = new Promise<CommandEnd>((resolve) => (this.#end = resolve))
    emitKeypressEvents(this.#input, ESCAPE_SETTINGS)
    const onKey = (_text: string | undefined, key: Key): void => this.#onKey(key)
    this.#input.on('keypress', onKey)
    this.#screen = new FullScreen(this.#input, this.#output, {
      onRedraw: () => this.#draw(),
      onEnd: (signal) => this.#end(signal),
    })
    const stopListening = this.#model.onChange(() => this.#drawSoon())
    const ticks = setInterval(() => this.#drawSoon(), TICK_MS)
    this.#draw()
    try {
      return await ended
    } finally {
      clearInterval(ticks)
      clearTimeout(this.#frame)
      stopListening()
      this.#input.off('keypress', onKey)
      this.#screen.close()
      said.release()
    }
  }

  #onKey(key: Key): void {
    const snapshot = this.#snapshot()
    const page = this.#screen === undefined ? 1 : pageSize(snapshot, this.#screen.size)
    const { state, effect } = handleKey(this.#state, key, snapshot, page)
    this.#state = state
    if (effect !== undefined) this.#perform(effect)
    else this.#draw()
  }

  #perform(effect: KeyEffect): void {
    switch (effect.kind) {
      case 'quit':
        this.#end(effect.signal ?? 0)
        return
      case 'suspend':
        this.#screen?.suspend()
        return
      case 'redraw':
        this.#screen?.clear()
        this.#draw()
        return
      case 'release':
        void this.#release(effect.resource, effect.id)
    }
  }

  async #release(resource: string, id: string): Promise<void> {
    const name = `“${resource}”`
    this.#say(`Releasing ${name} …`)
    try {
      const isReleased = await this.#model.release(resource, id)
      this.#say(
        isReleased
          ? `Released ${name}. If that process is still running, it continues without the lock.`
          : `Nothing to release: that holder no longer has ${name}.`,
      )
    } catch (error) {
      this.#say(`Cannot release ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #say(message: string): void {
    this.#state = { ...this.#state, message }
    this.#draw()
  }

  #drawSoon(): void {
    this.#frame ??= setTimeout(() => this.#draw(), FRAME_MS)
  }

  #draw(): void {
    clearTimeout(this.#frame)
    this.#frame = undefined
    const screen = this.#screen
    if (screen === undefined) return
    screen.draw(drawTop(this.#state, this.#snapshot(), screen.size, this.#style))
  }

  #snapshot() {
    return this.#state.paused ?? this.#model.snapshot()
  }
}

function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve()
      else reject(error)
    })
    process.stdout.write(`${text}\n`, () => resolve())
  })
}

function holdBackStderr(): { release(): void } {
  const { stderr } = process
  const write = stderr.write.bind(stderr)
  let held = ''
  stderr.write = (chunk: string | Uint8Array): boolean => {
    held += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    return true
  }
  const release = (): void => {
    stderr.write = write
    if (held !== '') stderr.write(held)
    held = ''
  }
  process.once('exit', release)
  return { release }
}
