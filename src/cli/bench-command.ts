/** The words of `linkspan bench`. What measures is a bundle of its own (bench/user.js), loaded when it is asked for. */
import { type Command, InvalidArgumentError } from 'commander'
import { endWithReader, wholeNumber } from './words.js'

interface BenchOptions {
  pairs?: number
  seconds?: number
  quick?: boolean
  list?: boolean
  json?: string
  html?: string
}

interface Bench {
  userBench(options: BenchOptions & { names: string[] }): Promise<number>
}

const EXAMPLES = `
Nothing is installed and nothing of this host is changed: what is measured runs in network namespaces of its own.
What is not here (root, iperf3, a C compiler, another switch) is left out, and said.

  linkspan bench --list
  linkspan bench tcp frames --quick
  sudo linkspan bench --json bench.json --html bench.html

docs/bench.md has what is measured and how to read it.
`

export function addBench(program: Command): void {
  program
    .command('bench [name...]')
    .description(
      'measure this switch on this machine, and the kernel, Open vSwitch, VDE… beside it',
    )
    .option('--list', 'the groups there are, and what they need')
    .option('--pairs <n>', 'rounds, everybody once in each; 7 if left out', wholeNumber)
    .option('--seconds <s>', 'of one measurement; by figure, 0.2 to 3, if left out', seconds)
    .option('--quick', '3 rounds, half a second a measurement at most')
    .option('--json <file>', 'write all samples')
    .option('--html <file>', 'write a report with charts')
    .addHelpText('after', EXAMPLES)
    .action(async (names: string[], options: BenchOptions) => {
      endWithReader()
      process.exitCode = await (await load()).userBench({ ...options, names })
    })
}

/** It is no source of this folder, so it is found by where it lies in the package. */
const load = (): Promise<Bench> => import(new URL('../bench/main.js', import.meta.url).href)

function seconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected seconds, as in 0.5.')
}
