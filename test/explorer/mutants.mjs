/**
 * A change of the kit's source. `from` has to exist: if the code was rewritten, the mutant has to follow.
 *
 * @typedef {{ readonly file: string, readonly from: string, readonly to: string }} Change
 */

/**
 * A known fault, and the scenarios of which at least one has to show it.
 *
 * @typedef {{ readonly name: string, readonly scenarios: readonly string[], readonly changes: readonly Change[] }}
 *   Mutant
 */

const NEXT_STEP = 'locks/next-step.ts'
const CLAIMS = 'locks/claims.ts'
const BLOCK = 'locks/block-for-turn.ts'
const FIRST_BRANCH = 'locks/take-free-lock.ts'
const NEWEST = 'events/append-steps.ts'
const CLEAN = 'locks/clean-locks.ts'
const WRITER = 'events/log-writer.ts'
const READER = 'events/log-reader.ts'
const JUDGE = "context.judge(holder.identity) !== 'dead'"

/** @type {readonly Mutant[]} */
const LOCK_MUTANTS = [
  {
    name: 'absent facts equal',
    scenarios: ['hidden facts'],
    changes: [
      {
        file: 'process/shares-pids.ts',
        from: "if (one.boot !== '' && one.pidNamespace !== '') return true",
        to: 'if (one.boot === other.boot) return true',
      },
    ],
  },
  {
    name: 'a trusting ticket',
    scenarios: ['a waiter that dies elsewhere'],
    changes: [
      {
        file: 'locks/queue.ts',
        from: "if (state === 'running' && !isIdle(context, paths, ticket)) return true",
        to: "if (state !== 'stopped') return true",
      },
    ],
  },
  {
    name: 'a ticket that was not written',
    scenarios: ['a full disk and a waiter'],
    changes: [
      {
        file: 'locks/queue.ts',
        from: 'fileSystem.createFile(path, content)',
        to: "fileSystem.createFile(path, ''); if (!fileSystem.overwrite(path, content)) return",
      },
    ],
  },
  {
    name: 'boot id alone',
    scenarios: ['two kernels of one machine'],
    changes: [
      {
        file: 'process/conclude-liveness.ts',
        from: "seenAt !== '' && Number(seenAt) * 1000 < evidence.bootedAt()",
        to: 'Number(seenAt) > 0',
      },
    ],
  },
  {
    name: 'break by TTL',
    scenarios: ['a long time passes'],
    changes: [
      {
        file: NEXT_STEP,
        from: JUDGE,
        to: '(context.fileSystem.status(`${paths.lock}/${text}`)?.modifiedMs ?? 0) > context.clock.now() - 60_000',
      },
    ],
  },
  {
    name: 'take over without judging',
    scenarios: ['two take it twice'],
    changes: [{ file: NEXT_STEP, from: JUDGE, to: 'false' }],
  },
  {
    name: 'collect prepared directories by age',
    scenarios: ['first use and a clean-up'],
    changes: [
      {
        file: CLEAN,
        from: "if (owner === undefined || context.judge(owner) !== 'dead') return",
        to: 'if (owner === undefined || context.clock.now() - (fileSystem.status(`${home.paths.claims}/${name}`)?.modifiedMs ?? 0) < 60_000) return',
      },
    ],
  },
  {
    name: 'release whatever is held',
    scenarios: ['release by force'],
    changes: [
      {
        file: 'locks/claim.ts',
        from: 'const held = entry.slice(paths.lock.length + 1)',
        to: "const held = fileSystem.list(paths.lock)?.find((name) => name.startsWith('held~')) ?? ''",
      },
    ],
  },
  {
    name: 'release by force whoever is there',
    scenarios: ['release by force'],
    changes: [
      {
        file: 'locks/force-release.ts',
        from: 'if (state?.holder?.id !== id) return false',
        to: 'if (state?.holder === undefined) return false',
      },
    ],
  },
  {
    name: 'step before the own file',
    scenarios: ['an owner and sharers'],
    changes: [
      {
        file: CLAIMS,
        from: `isThere ||= createIn(context, entry)
      const shared = formatShared(step.token)
      if (!isThere || !swapName(fileSystem, paths.lock, step.from, shared)) continue`,
        to: `const shared = formatShared(step.token)
      if (!swapName(fileSystem, paths.lock, step.from, shared)) continue
      isThere ||= createIn(context, entry)
      if (!isThere) continue`,
      },
    ],
  },
  {
    name: 'one listing for state and sharers',
    scenarios: ['sharers, slow listings'],
    changes: [
      {
        file: CLAIMS,
        from: "const step = nextStep(context, paths, seen.state, 'exclusive')",
        to: `const step = seen.state.kind !== 'shared'
        ? nextStep(context, paths, seen.state, 'exclusive')
        : seen.sharers.some(({ identity }) => context.judge(identity) !== 'dead')
          ? undefined
          : { from: seen.state.text, token: seen.state.token + 1n }`,
      },
    ],
  },
  {
    name: 'a sharer that does not step',
    scenarios: ['an owner and sharers'],
    changes: [
      {
        file: CLAIMS,
        from: '!swapName(fileSystem, paths.lock, step.from, shared)',
        to: "(seen.state.kind !== 'shared' && !swapName(fileSystem, paths.lock, step.from, shared))",
      },
    ],
  },
  {
    name: 'a token that stays',
    scenarios: ['two take it twice'],
    changes: [{ file: NEXT_STEP, from: 'token + 1n }', to: 'token }' }],
  },
  {
    name: 'a guess that keeps the token',
    scenarios: ['two wait'],
    changes: [{ file: CLAIMS, from: 'token: released + 1n }', to: 'token: released }' }],
  },
  {
    name: 'a floor that is not raised',
    scenarios: ['a removal'],
    changes: [{ file: CLEAN, from: 'raiseFloor(context, state.token)', to: 'void raiseFloor' }],
  },
  {
    name: 'a floor that is read before the state',
    scenarios: ['a removal'],
    changes: [
      {
        file: CLAIMS,
        from: 'for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {',
        to: 'const early = firstToken(context)\n  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {',
      },
      {
        file: CLAIMS,
        from: "const step = nextStep(context, paths, seen.state, 'exclusive')",
        to: "let step = nextStep(context, paths, seen.state, 'exclusive')\n    if (step !== undefined && seen.state.kind === 'new') step = { ...step, token: early }",
      },
      {
        file: CLAIMS,
        from: "import { beginLock } from './begin-lock.js'",
        to: "import { beginLock } from './begin-lock.js'\nimport { firstToken } from './token-floor.js'",
      },
      // Otherwise it would find the lock before it comes to that.
      { file: FIRST_BRANCH, from: "if (request.mode !== 'exclusive' ||", to: 'if (true ||' },
    ],
  },
  {
    name: 'remove a lock that is held',
    scenarios: ['a removal'],
    changes: [
      {
        file: CLEAN,
        from: "if (nextStep(context, paths, state, 'exclusive') === undefined) return",
        to: '',
      },
    ],
  },
  {
    name: 'wait behind the dead',
    scenarios: ['two wait behind a third'],
    changes: [{ file: 'locks/queue.ts', from: "if (state === 'dead')", to: 'if (false)' }],
  },
  {
    name: 'a blocked waiter that does not wait for its turn',
    scenarios: ['commands that come again'],
    changes: [
      { file: BLOCK, from: 'turn.tryOnce()', to: 'tryClaim(context, requests[0]!)' },
      {
        file: BLOCK,
        from: 'import { enterQueue }',
        to: "import { tryClaim } from './claims.js'\nimport { enterQueue }",
      },
    ],
  },
  {
    name: 'a blocked waiter that leaves its ticket behind',
    scenarios: ['commands that come again'],
    changes: [{ file: BLOCK, from: 'forgetExit()\n      leave()', to: 'forgetExit()' }],
  },
  {
    name: 'a first branch past the queue',
    scenarios: ['commands that come again'],
    changes: [
      {
        file: FIRST_BRANCH,
        from: 'if (fileSystem.status(queue) !== undefined) return undefined',
        to: '',
      },
    ],
  },
  {
    name: 'a first branch that does not look whether it has won',
    scenarios: ['two commands'],
    changes: [
      {
        file: FIRST_BRANCH,
        from: `return swapName(fileSystem, lock, formatFree(last), held, { witness: entry })
      ? { entry, token }
      : undefined`,
        to: `swapName(fileSystem, lock, formatFree(last), held, { witness: entry })
    return { entry, token }`,
      },
      {
        file: 'locks/claim.ts',
        from: 'return fileSystem.overwrite(claim.entry, content) ? claim : undefined',
        to: 'fileSystem.overwrite(claim.entry, content); return claim',
      },
    ],
  },
  {
    name: 'a first branch that is tried again after a release by force',
    scenarios: ['a command and a release by force'],
    changes: [
      {
        file: FIRST_BRANCH,
        from: 'return won && (describeClaim(context, { ...won, paths, request }) ?? null)',
        to: 'return won && describeClaim(context, { ...won, paths, request })',
      },
    ],
  },
  {
    name: 'a first branch that keeps the token',
    scenarios: ['two that remember'],
    changes: [{ file: FIRST_BRANCH, from: 'const token = last + 1n', to: 'const token = last' }],
  },
  {
    name: 'a first branch that trusts what it remembers',
    scenarios: ['two that remember'],
    changes: [
      {
        file: FIRST_BRANCH,
        from: 'const held = formatHeld(token, id, identity)',
        to: `const held = formatHeld(token, id, identity)
    for (const name of fileSystem.list(lock)) fileSystem.rename(entryPath(lock, name), entryPath(lock, formatFree(last)))`,
      },
    ],
  },
]

const REPLACER = 'runs/holder-replacer.ts'
const REPLACING = ['two that ask one to end']

/** @type {readonly Mutant[]} */
const RUN_MUTANTS = [
  {
    name: 'asking without taking the mark away',
    scenarios: REPLACING,
    changes: [{ file: REPLACER, from: 'if (!isMine || !isSignalled', to: 'if (!isSignalled' }],
  },
  {
    name: 'a mark that goes with the asking',
    scenarios: REPLACING,
    changes: [
      {
        file: REPLACER,
        from: 'all.filter(({ id }) => instanceOf(id) === instanceOf(holder.id))',
        to: 'all.filter(({ id, label }) => instanceOf(id) === instanceOf(holder.id) && label !== MAY_BE_REPLACED)',
      },
    ],
  },
  {
    name: 'a refusal without a second look at the holder',
    scenarios: REPLACING,
    changes: [{ file: REPLACER, from: 'if (isThere) throw', to: 'void isThere; throw' }],
  },
]

/** @type {readonly Mutant[]} */
const EVENT_MUTANTS = [
  {
    name: 'a first branch that does not look after its write',
    scenarios: ['one that keeps its segment open, and a rotation'],
    changes: [
      {
        file: NEWEST,
        from: 'const look = lookAtSegment(fileSystem, segment)',
        to: 'const look = { ...lookAtSegment(fileSystem, segment), movedOn: false }',
      },
    ],
  },
  {
    name: 'no newline in front of a record',
    scenarios: ['two append'],
    changes: [{ file: 'events/log-record.ts', from: '`\\n${json}\\n`', to: '`${json}\\n`' }],
  },
  {
    name: 'naive rotation: a record behind the seal counts',
    scenarios: ['one that keeps its segment open, and a rotation'],
    changes: [
      {
        file: WRITER,
        from: 'seal === undefined ? removed : start > seal',
        to: 'seal === undefined && removed',
      },
    ],
  },
  {
    name: 'begin a segment before the last one is sealed',
    scenarios: ['one that keeps its segment open, and a rotation'],
    changes: [
      {
        file: WRITER,
        from: 'number > FIRST_SEGMENT ? this.#seal(number - 1)',
        to: 'false ? this.#seal(number - 1)',
      },
    ],
  },
  {
    name: 'read before the look for the next segment',
    scenarios: ['a reader over a rotation'],
    changes: [
      {
        file: READER,
        from: 'const movedOn = this.#exists(open.number + 1)\n    const { size, links } = this.#fileSystem.openStatus(open.descriptor)',
        to: 'const { size, links } = this.#fileSystem.openStatus(open.descriptor)',
      },
      {
        file: READER,
        from: 'if (movedOn) return this.#leaveUnsealed(open)',
        to: 'if (this.#exists(open.number + 1)) { this.#moveTo({ segment: open.number + 1, offset: 0 }); return "again" }',
      },
    ],
  },
  {
    name: 'begin behind a seal',
    scenarios: ['a reader that begins in a rotation'],
    changes: [
      {
        file: 'events/start-position.ts',
        from: 'if (movedOn || removed) continue',
        to: 'void movedOn; void removed',
      },
    ],
  },
  {
    name: 'leave a segment that is not sealed',
    scenarios: ['expiry after a crash in a rotation'],
    changes: [
      {
        file: READER,
        from: 'const seal = sealSegment(this.#fileSystem, this.#directory, open.number, end)',
        to: 'const seal = undefined as number | undefined; void end; void sealSegment',
      },
    ],
  },
  {
    name: 'expire in front of an empty segment',
    scenarios: ['expiry after a crash in a rotation'],
    changes: [
      {
        file: 'events/log-retention.ts',
        from: 'next === undefined || next.size === 0',
        to: 'next === undefined',
      },
    ],
  },
  {
    name: 'expire what a group has not read',
    scenarios: ['a group that is behind'],
    changes: [{ file: 'events/log-retention.ts', from: 'old && !needed', to: 'old' }],
  },
  {
    name: 'pass over what has expired',
    scenarios: ['expiry under a reader'],
    changes: [
      {
        file: READER,
        from: 'return previousEnd !== undefined && expected.offset >= previousEnd',
        to: 'return true',
      },
    ],
  },
  {
    name: 'write a cursor in place',
    scenarios: ['a group'],
    changes: [
      {
        file: 'events/group-cursor.ts',
        from: 'this.#fileSystem.rename(temporary, path)',
        to: 'this.#fileSystem.unlink(path)\n    this.#fileSystem.rename(temporary, path)',
      },
    ],
  },
]

export const MUTANTS = [...LOCK_MUTANTS, ...RUN_MUTANTS, ...EVENT_MUTANTS]
