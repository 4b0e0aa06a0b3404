/** The words of the commands that change a running switch: `fdb`, `port`, `bridge`. */
import { type Command, Option } from 'commander'
import { addPolicyOptions, orNone, POLICY_HELP } from './policy-options.js'
import { duration, onOff, targeted, vlanNumber, wholeNumber } from './words.js'

const edit = () => import('./edit.js')
const portEdit = () => import('./port-edit.js')

export function addEditCommands(program: Command): void {
  addFdb(program.command('fdb').description('change the MAC table of a running switch'))
  const port = program.command('port').description('change the ports of a running switch')
  addPortAdd(port)
  addPortSet(port)
  targeted(port.command('del <port>'))
    .description('remove a port, and its interface if Linkspan made it')
    .action(async (name, options) => (await portEdit()).portDelete(name, options))
  addImpair(program.command('impair <port> [settings...]'))
  addFlow(program.command('flow').description('end flows of a running switch'))
  addPublish(program.command('publish').description('publish services of a running switch'))
  addBridge(program.command('bridge').description('change the bridges of a running switch'))
}

const IMPAIR_HELP = `
Settings are those of "impair" in docs/impair.md, and none takes one away:
  linkspan impair web delay=20ms jitter=5ms,distribution=normal loss=1%
  linkspan impair web rate=10M queue=100frames --transmit
  linkspan impair web loss=none
  linkspan impair web --clear
`

function addImpair(command: Command): void {
  targeted(command)
    .description('show what an impaired port does to its frames, or change that')
    .option('--receive', 'for frames into the switch only')
    .option('--transmit', 'for frames out of the switch only')
    .option('--seed <number>', 'what luck hangs on: the same for the same', wholeNumber)
    .option('--clear', 'take all settings away; what is on its way comes out at once')
    .option('--json', 'show it as JSON')
    .addHelpText('after', IMPAIR_HELP + UNTIL_APPLY)
    .action(async (name, settings, options) =>
      (await import('./impair.js')).impair(name, settings, options),
    )
}

function addPublish(publish: Command): void {
  targeted(publish.command('add <name> <listen> <to>'))
    .description('publish a service, as in: web wan:8080-8081 10.55.0.2:80-81')
    .option('--protocol <list>', 'tcp, udp, or both; or icmp, without ports', 'tcp')
    .action(async (name, listen, to, options) =>
      (await edit()).publishAdd(name, listen, to, options),
    )
  targeted(publish.command('del <name>'))
    .description('publish it no more; its flows end')
    .action(async (name, options) => (await edit()).publishDelete(name, options))
}

function addFlow(flow: Command): void {
  targeted(flow.command('del'))
    .description('end flows: those that fit all that is said')
    .option('--protocol <protocol>', 'of this protocol: tcp, udp, icmp, icmpv6 or a number')
    .option('--state <state>', 'in this state, as "show flows" has it')
    .option('--address <address>', 'with this address in any place')
    .option('--port <number>', 'with this TCP or UDP port, or echo identifier', wholeNumber)
    .option('--all', 'all of them')
    .action(async (options) => (await edit()).flowDelete(options))
}

function addFdb(fdb: Command): void {
  targeted(fdb.command('add <bridge> <mac> [port]'))
    .description('add a static entry, or replace one')
    .option(
      '--vlan <id>',
      "on a VLAN-aware bridge; the port's untagged one if left out",
      vlanNumber,
    )
    .option('--vtep <address>', 'instead of a port: the peer of the bridge that it is behind')
    .option('--dynamic', 'as if it had been learnt: it ages')
    .action(async (bridge, mac, port, options) => (await edit()).fdbAdd(bridge, mac, port, options))
  targeted(fdb.command('del <bridge> <mac>'))
    .description('remove an entry, static or not')
    .option('--vlan <id>', 'in this VLAN only', vlanNumber)
    .action(async (bridge, mac, options) => (await edit()).fdbDelete(bridge, mac, options))
  targeted(fdb.command('flush'))
    .description('forget what was learnt; static entries stay')
    .option('--bridge <bridge>', 'on this bridge only')
    .option('--vlan <id>', 'in this VLAN only', vlanNumber)
    .option('--port <port>', 'on this port only')
    .option('--vtep <address>', 'behind this VTEP only')
    .action(async (options) => (await edit()).fdbFlush(options))
}

const TYPES = ['tap', 'packet', 'unix', 'pcap']

function addPortAdd(port: Command): void {
  const add = port
    .command('add <port>')
    .description('add a port; it forwards when this returns')
    .requiredOption('--bridge <bridge>', 'the bridge it is on')
    .addOption(new Option('--type <type>', 'its device; tap if left out').choices(TYPES))
    .option('--ifname <name>', "tap, packet: the interface's name; the port's if left out")
    .option('--netns <netns>', 'tap, packet: where it is: a name, a path or pid:N')
    .option('--mac <mac>', "tap: the interface's MAC")
    .option('--mtu <mtu>', 'tap, unix, pcap: its MTU', wholeNumber)
    .option('--address <prefix...>', 'tap: addresses of the interface, such as 10.55.0.2/24')
    .option('--attach', 'tap: attach to a TAP that is there instead of making one')
    .option('--path <path>', 'unix: the socket')
    .option('--mode <mode>', 'unix: stream, dgram or seqpacket')
    .option('--connect', 'unix: connect to a socket that is there instead of listening')
    .option('--local <path>', 'unix: our own end, where answers come, with dgram and --connect')
    .option('--read <file>', 'pcap: a capture file whose frames come in')
    .option('--write <file>', 'pcap: a pcapng file that what leaves is written to')
    .option('--pace <pace>', 'pcap: file (as it was captured) or fast')
    .option('--wait', 'if it is not there (yet), wait for it')
    .option('--down', 'add it, but do not let it forward')
  targeted(addPolicyOptions(add))
    .option('--config <json>', 'other settings as in docs/config.md; options above come first')
    .addHelpText('after', POLICY_HELP)
    .action(async (name, options) => (await portEdit()).portAdd(name, options))
}

const UNTIL_APPLY = `
A change lasts until the next "apply" if the config has the port, else until the port is removed.
`

function addPortSet(port: Command): void {
  const set = port
    .command('set <port>')
    .description('change settings of a port while it runs; what is not named stays')
    .option('--up', 'let it forward')
    .option('--down', 'let it forward nothing')
    .option('--bridge <bridge>', 'move it to another bridge')
    .option('--mtu <mtu>', 'of its device', wholeNumber)
    .option('--mac <mac>', "the interface's MAC")
    .option('--tag <vlans>', 'VLANs to carry tagged as well, as in 30,40-49')
    .option('--untag <vlans>', 'VLANs to carry tagged no more')
  targeted(addPolicyOptions(set))
    .option('--config <json>', 'other settings as in docs/config.md; null takes the default')
    .addHelpText('after', POLICY_HELP + UNTIL_APPLY)
    .action(async (name, options) => (await portEdit()).portSet(name, options))
}

function addBridge(bridge: Command): void {
  targeted(addBridgeOptions(bridge.command('add <bridge>')))
    .description('add a bridge')
    .action(async (name, options) => (await edit()).bridgeAdd(name, options))
  targeted(addBridgeOptions(bridge.command('set <bridge>')))
    .description('change settings of a bridge while it runs; what is not named stays')
    .addHelpText('after', UNTIL_APPLY.replaceAll('port', 'bridge'))
    .action(async (name, options) => (await edit()).bridgeSet(name, options))
  targeted(bridge.command('del <bridge>'))
    .description('remove a bridge that has no ports')
    .action(async (name, options) => (await edit()).bridgeDelete(name, options))
}

function addBridgeOptions(command: Command): Command {
  return command
    .option('--ageing <time>', 'how long a silent MAC is kept, as in 300s', duration)
    .option('--mtu <mtu>', 'the most that a port of it may have, or none', orNone(wholeNumber))
    .option('--vlan-aware <on|off>', 'whether VLAN tags separate broadcast domains', onOff)
    .option('--vlan-protocol <tpid>', '802.1Q or, for a provider bridge, 802.1ad')
    .option('--isolated <on|off>', 'whether ports that are added from now on are isolated', onOff)
    .option('--control-frames <list>', 'what passes of eapol,lacp,lldp,stp; or none', controlList)
    .option(
      '--gateway <addresses>',
      "the router's on it, as in 10.55.0.1/24,fd55::1/64; or none",
      orNone((text: string) => text.split(',')),
    )
    .option('--gateway-vlan <id>', 'on a VLAN-aware bridge, the VLAN of the gateway', vlanNumber)
    .option(
      '--mirror <port>',
      'copy the frames of all its ports to that port, or none',
      orNone(String),
    )
    .option('--mirror-file <file>', 'copy them to a pcapng file')
    .option('--mirror-direction <which>', 'receive (into the switch), transmit or both')
}

const controlList = (text: string) => (text === 'none' ? [] : text.split(','))
