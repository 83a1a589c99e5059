/**
 * A program from npm, and a piece of real work that it does the same way each time, without a network.
 *
 * @typedef {object} Cli
 * @property {string} name in the table, and of its folder in the cache
 * @property {readonly string[]} packages what is installed, with versions; the first one has the program
 * @property {string} bin its entry in the package's `bin`, and so its name in rules
 * @property {string} [alias] another entry for the same file, by which it is started and which the rule names
 * @property {import('./attachment.mjs').Framework} framework
 * @property {string} [frameworkIn] package whose tree has the framework, if the program's own does not
 * @property {string} [bundled] version of a framework that was bundled into the program
 * @property {number} [node] major that it needs if the oldest supported one is too old
 * @property {import('./launch.mjs').Start} start
 * @property {string} command path of the command that a rule names
 * @property {readonly string[]} args
 * @property {Readonly<Record<string, string>>} [files] in its work folder, beforehand
 * @property {(place: Place) => void} [prepare] what else it finds there
 * @property {Readonly<Record<string, string>>} [env]
 * @property {number} [exitCode] of its work; 0 if missing
 * @property {{ seen: string, send: NodeJS.Signals }} [until] for a program that stays: what it writes when it has done its work, and the signal that ends it then
 * @property {Interrupt} [interrupt] work of the same command that lasts until Ctrl-C
 * @property {readonly string[]} [varies] names of normalisers
 * @property {Expectation} [expects] what a lock rule does here; "holds" if missing
 * @property {Readonly<Record<string, string>>} [exceptions] the cause by column
 *
 * @typedef {object} Interrupt
 * @property {readonly string[]} args
 * @property {string | RegExp} seen what it writes once it has begun
 * @property {Readonly<Record<string, string>>} [files] besides its other work's
 * @property {readonly string[]} [varies] names of normalisers for the terminal, besides its other work's
 *
 * @typedef {{ refuses: string } | { tells: string }} Expectation
 * `refuses`: the rule cannot hold, for this cause, and the command does not run (78); `tells`: nothing can prevent the command
 * from running without its lock, for this cause, and a line says so
 *
 * @typedef {object} Place
 * @property {string} work
 * @property {string} home its HOME
 * @property {string} bin folder of executables in its PATH
 * @property {string} modules node_modules of the CLI
 * @property {number} port where an HTTP server answers on the loopback
 * @property {(files: Readonly<Record<string, string>>) => void} write writes into the work folder
 * @property {(program: string, ...args: string[]) => void} run runs a program in the work folder
 */

export {}
