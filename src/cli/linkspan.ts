#!/usr/bin/env node
/** The command line. Exit status: 0 done, 1 failed, 2 wrong usage. */
import { Command, CommanderError, Option } from 'commander'
import { addBench } from './bench-command.js'
import { addEditCommands } from './edit-commands.js'
import { addGenerate } from './generate-command.js'
import { addShowCommands } from './show-commands.js'
import { version } from './version.js'
import { duration, endWithReader, targeted, wholeNumber } from './words.js'

// Each command loads what it needs when it runs: `show` shall not wait for a web server to load.
const edit = () => import('./edit.js')

const CONFIG =
  'config file, - for standard input; if left out /etc/linkspan/linkspan.yaml, of users other than root ~/.config/linkspan/linkspan.yaml'

const program = new Command('linkspan')
  .description('A userspace switch for containers, VMs and tests')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(--help shows what there is)')
  .addHelpText(
    'after',
    `
Commands but demo, check, replay, generate, bench and api talk to the switch of --name, or at --socket.
Exit status: 0 done, 1 failed, 2 wrong usage. docs/operating.md has what is done how with bridge,
ovs-vsctl and tcpdump, and how here.
`,
  )

targeted(program.command('up'))
  .description('run a switch in the foreground')
  .option('-c, --config <file>', CONFIG)
  .addOption(
    new Option('--log <format>', 'how to log; text on a terminal, else json').choices([
      'text',
      'json',
    ]),
  )
  .addOption(
    new Option('--log-level <level>', 'the least that is logged')
      .choices(['debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info'),
  )
  .action(async (options) => (await import('./begin.js')).begin(options))

targeted(program.command('apply'))
  .description('move a running switch to a config, in one step or not at all')
  .option('-c, --config <file>', CONFIG)
  .option('--prune', 'ports and bridges that were added by hand go too')
  .option('--dry-run', 'say what would be done, and do nothing')
  .option('--confirm <time>', 'take it back after this time, as in 60s, unless confirmed', duration)
  .option('--json', 'print what is done as JSON')
  .action(async (options) => (await import('./apply.js')).apply(options))

targeted(program.command('confirm'))
  .description('keep what "apply --confirm" has done')
  .action(async (options) => (await import('./apply.js')).confirm(options))

targeted(program.command('down'))
  .description('stop a running switch; returns when it is gone')
  .action(async (options) => (await edit()).down(options))

program
  .command('check')
  .description('check a config file and this host')
  .option('-c, --config <file>', CONFIG)
  .action(async (options) => (await import('./check.js')).check(options))

addShowCommands(program)

targeted(program.command('trace [flow...]'))
  .description('what would become of a frame: every decision, and the bytes that would leave')
  .requiredOption('--port <port>', 'the port it comes in by, or a tunnel, or one of the underlay')
  .option('--hex <bytes>', 'the frame in hexadecimal, instead of a flow')
  .option('--pcap <file>', 'the frames of a capture file, one after the other')
  .option('--vlan <id>', 'a VLAN tag on the flow', wholeNumber)
  .option('--priority <pcp>', 'the priority in the tag', wholeNumber)
  .option('--length <bytes>', 'length of the frame', wholeNumber)
  .option('--from-mac <mac>', "source MAC; the port's own if it is known")
  .option('--to-mac <mac>', 'destination MAC; that of the port that has the address')
  .option('--segment-size <bytes>', 'come as super-frames of such segments', wholeNumber)
  .option('--json', 'a JSON object a frame')
  .addHelpText('after', '\nA flow is as in: tcp 10.55.0.2:40000 10.55.0.3:5432\n')
  .action(async (flow, options) => {
    endWithReader()
    await (await import('./trace.js')).trace(flow, options)
  })

targeted(program.command('capture'))
  .description('print frames as they come and go, or write them as pcapng')
  .option('-w, --write <file>', 'write pcapng; - is standard output, as for "| tcpdump -nr -"')
  .option('--port <port>', 'of this port only')
  .option('--mac <mac>', 'from or to this MAC')
  .option('--ethertype <type>', 'as in 0x0800, arp, ipv6')
  .option('--address <address>', 'from or to this address or prefix')
  .option('--vlan <id>', 'of this VLAN')
  .option('--direction <which>', 'receive (into the switch), transmit or both')
  .option('--dropped', 'only what is dropped on its way in')
  .option('--snaplen <bytes>', 'most bytes of a frame', wholeNumber)
  .option('--count <frames>', 'end after so many', wholeNumber)
  .option('--duration <time>', 'end after this time, as in 10s', duration)
  .action(async (options) => {
    endWithReader()
    await (await import('./capture.js')).capture(options)
  })

targeted(program.command('record <file>'))
  .description('record all that a running switch does, until a signal or the end of --duration')
  .option('--duration <time>', 'end after this time, as in 10s', duration)
  .action(async (file, options) => (await import('./record.js')).record(file, options))

program
  .command('replay <file>')
  .description('replay a recording, and say whether all was the same; no switch has to run')
  .option(
    '--until <frame>',
    'stop before this frame, counted from 0, and say what becomes of it',
    wholeNumber,
  )
  .option('--print', 'print every frame that comes in and goes out')
  .option('-w, --write <file>', 'write these frames as pcapng')
  .option('--cut', 'take a recording whose end is missing')
  .option('--json', 'print what came of it as JSON')
  .action(async (file, options) => {
    endWithReader()
    await (await import('./replay.js')).replay(file, options)
  })

targeted(program.command('events'))
  .description('print what happens to a running switch, a JSON object a line')
  .action(async (options) => {
    endWithReader()
    await (await import('./raw.js')).events(options)
  })

targeted(program.command('metrics'))
  .description('print the metrics of a running switch, as Prometheus reads them')
  .action(async (options) => {
    endWithReader()
    await (await import('./raw.js')).metrics(options)
  })

program
  .command('api')
  .description('print the description of the control API (OpenAPI 3.1)')
  .action(async () => {
    endWithReader()
    ;(await import('./api.js')).api()
  })

addGenerate(program)
addBench(program)
addEditCommands(program)

program
  .command('demo')
  .description('build a lab of four namespaces, run a switch in it, show it working, clean up')
  .action(async () => (await import('./demo.js')).demo())

/** Rejections end here: one line on standard error that says what to do. */
async function main(): Promise<void> {
  try {
    await program.parseAsync()
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2
      return
    }
    console.error(`linkspan: ${error instanceof Error ? error.message : error}`)
    process.exitCode = (error as { code?: string }).code === 'USAGE' ? 2 : 1
  }
}

void main()
