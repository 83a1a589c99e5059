import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The wall clock of a server started with {@link env}, which can be stepped while the server runs. */
export class SteppedClock {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
    this.step(0)
  }

  /** Builds it; undefined if there is no compiler. */
  static build(): SteppedClock | undefined {
    const directory = mkdtempSync(join(tmpdir(), 'cli-ops-clock-'))
    const source = new URL('stepped-clock.c', import.meta.url).pathname
    const library = join(directory, 'clock.so')
    const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source])
    if (status === 0) return new SteppedClock(directory)
    rmSync(directory, { recursive: true })
    return undefined
  }

  get env(): Record<string, string> {
    return {
      LD_PRELOAD: join(this.#directory, 'clock.so'),
      STEPPED_CLOCK_FILE: join(this.#directory, 'step'),
    }
  }

  /** Sets how far the clock is ahead, in milliseconds. */
  step(ms: number): void {
    writeFileSync(join(this.#directory, 'step'), String(ms))
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
