#!/usr/bin/env node
/** The command line. Exit status: 0 done, 1 failed, 2 wrong usage. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../config/duration.js'
import type { ShowOptions } from './show.js'
import { subjects } from './subjects.js'
import { version } from './version.js'

// Each command loads what it needs when it runs: `show` shall not wait for a web server to load.
const edit = () => import('./edit.js')

const program = new Command('linkspan')
  .description('A userspace switch for containers, VMs and tests')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(--help shows what there is)')

/** Commands that talk to a running switch, or are one. */
function targeted(command: Command): Command {
  return command
    .option('--name <name>', 'the switch of that name')
    .option('--socket <path>', 'its control socket (or LINKSPAN_SOCKET)')
}

/** That nobody reads any more, as after `| head`, is an end and no failure. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a whole number.')
}

/** Milliseconds of a duration such as `60s`. */
function duration(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

targeted(program.command('up'))
  .description('run a switch in the foreground')
  .option('-c, --config <file>', 'config file; - is standard input')
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
  .action(async (options) => (await import('./up.js')).up(options))

targeted(program.command('apply'))
  .description('move a running switch to a config, in one step or not at all')
  .option('-c, --config <file>', 'config file; - is standard input')
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
  .option('-c, --config <file>', 'config file; - is standard input')
  .action(async (options) => (await import('./check.js')).check(options))

const shows = program.command('show').description('show what a running switch does')
for (const subject of subjects) {
  targeted(shows.command(subject))
    .option('--json', 'as JSON; with --watch one object a line')
    .option('--watch', 'again every second, with rates')
    .action(async (options: ShowOptions) => {
      endWithReader()
      await (await import('./show.js')).show(subject, options)
    })
}

targeted(program.command('trace [flow...]'))
  .description('what would become of a frame: every decision, and the bytes that would leave')
  .requiredOption('--port <port>', 'the port it comes in by')
  .option('--hex <bytes>', 'the frame in hexadecimal, instead of a flow')
  .option('--pcap <file>', 'the frames of a capture file, one after the other')
  .option('--vlan <id>', 'a VLAN tag on the flow', wholeNumber)
  .option('--priority <pcp>', 'the priority in the tag', wholeNumber)
  .option('--length <bytes>', 'length of the frame', wholeNumber)
  .option('--from-mac <mac>', "source MAC; the port's own if it is known")
  .option('--to-mac <mac>', 'destination MAC; that of the port that has the address')
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

const fdb = program.command('fdb').description('change the MAC table of a running switch')
targeted(fdb.command('add <bridge> <mac> <port>'))
  .description('add a static entry, or replace one')
  .option('--dynamic', 'as if it had been learnt: it ages')
  .action(async (bridge, mac, port, options) => (await edit()).fdbAdd(bridge, mac, port, options))
targeted(fdb.command('del <bridge> <mac>'))
  .description('remove an entry')
  .action(async (bridge, mac, options) => (await edit()).fdbDelete(bridge, mac, options))
targeted(fdb.command('flush'))
  .description('forget what was learnt; static entries stay')
  .option('--bridge <bridge>', 'on this bridge only')
  .option('--port <port>', 'on this port only')
  .action(async (options) => (await edit()).fdbFlush(options))

const port = program.command('port').description('change the ports of a running switch')
targeted(port.command('add <port>'))
  .description('add a port with a TAP device')
  .requiredOption('--bridge <bridge>', 'the bridge it is on')
  .option('--ifname <name>', "the interface's name; the port's if left out")
  .option('--netns <netns>', 'where it goes: a name, a path or pid:N')
  .option('--mac <mac>', "the interface's MAC")
  .option('--mtu <mtu>', "the interface's MTU", wholeNumber)
  .option('--address <prefix...>', 'addresses of the interface, such as 10.55.0.2/24')
  .option('--attach', 'attach to a TAP that is there instead of making one')
  .option('--wait', 'if the namespace is not there, wait for it')
  .action(async (name, options) => (await edit()).portAdd(name, options))
targeted(port.command('del <port>'))
  .description('remove a port')
  .action(async (name, options) => (await edit()).portDelete(name, options))

const bridge = program.command('bridge').description('change the bridges of a running switch')
targeted(bridge.command('add <bridge>'))
  .description('add a bridge')
  .option('--ageing <time>', 'how long a silent MAC is kept, as in 300s')
  .option('--mtu <mtu>', 'the most that a port of it may have', wholeNumber)
  .action(async (name, options) => (await edit()).bridgeAdd(name, options))
targeted(bridge.command('del <bridge>'))
  .description('remove a bridge that has no ports')
  .action(async (name, options) => (await edit()).bridgeDelete(name, options))

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
    process.exitCode = 1
  }
}

void main()
