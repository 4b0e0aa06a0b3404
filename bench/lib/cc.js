// The C compiler.
import { at } from '../../scripts/lib/house.js'
import { must } from '../../scripts/lib/run.js'

/**
 * Compiles a program of bench/reference.
 *
 * @param {object} program
 * @param {string} program.name
 * @param {string[]} program.files below bench/reference
 * @param {string[]} program.flags
 * @param {string} program.output where to; its folder is there
 * @throws HouseError with what the compiler said
 */
export async function compile({ name, files, flags, output }) {
  const sources = files.map((file) => at('bench/reference', file))
  await must(`bench: cc ${name}`, 'cc', [...flags, '-o', output, ...sources])
}
