/** The words of `linkspan generate`. */
import type { Command } from 'commander'
import { endWithReader, vlanNumber, wholeNumber } from './words.js'

const EXAMPLES = `
A flow is as in: udp 10.55.0.2:40000 10.55.0.3:5000; tcp and icmp likewise, IPv6 in brackets; or
"ethernet [TYPE]", a frame without IP. An interface is as in: eth0, NAMESPACE/eth0, pid:4242/eth0;
tap:NAMESPACE/NAME is a TAP, made if there is none. Sizes are octets without FCS.

  linkspan generate udp 10.55.0.2:40000 10.55.0.3:5000 --to web/eth0 --from db/eth0 --rate 100k --duration 10s
  linkspan generate ethernet --to web/eth0 --from db/eth0 --size 60 --flows 1000 --macs 1000 --rate max --count 1000000
  linkspan generate --pcap in.pcap --timing file --to eth1
  linkspan generate ethernet --config lab.yaml --in a --out b --count 1000000

docs/generate.md has the payload, the report and what limits the figures.
`

export function addGenerate(program: Command): void {
  const generate = program
    .command('generate [flow...]')
    .description('send frames, receive them, report loss, reordering, duplicates and latency')
  addEnds(generate)
  addFrames(generate)
  addTiming(generate)
  generate
    .option('--fail-on <list>', 'fail on some of loss,duplicates,reordering,corruption', list)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flow, options) => {
      endWithReader()
      await (await import('./generate.js')).generate(flow, options)
    })
}

function addEnds(command: Command): void {
  command
    .option('--to <interface>', 'where frames are sent: eth0, NAMESPACE/eth0, tap:NAMESPACE/NAME')
    .option('--from <interface>', 'where they are received; left out: nowhere')
    .option('--config <file>', 'instead: a switch in this process, with "memory" devices')
    .option('--in <port>', 'of that switch: the port that frames come in by')
    .option('--out <port>', 'of that switch: the port that they leave by')
}

function addFrames(command: Command): void {
  command
    .option('--hex <bytes>', 'send this frame as it is, instead of a flow')
    .option('--pcap <file>', 'send the frames of a capture file as they are')
    .option(
      '--size <list>',
      'octets of a frame, as in 74 or 74,590,1514, or imix; the least if left out',
    )
    .option(
      '--flows <n>',
      'so many flows: source ports, then source addresses, counted up',
      wholeNumber,
    )
    .option('--macs <n>', 'so many source MACs, counted up', wholeNumber)
    .option('--vlan <ids>', 'a VLAN tag, or two as in 100,10, the outer one first', vlans)
    .option('--priority <pcp>', 'the priority in the tags', wholeNumber)
    .option('--source-mac <mac>', "left out: the interface's own")
    .option('--destination-mac <mac>', 'left out: asked for by ARP or ND')
    .option('--via <address>', 'the router whose MAC is asked for')
    .option('--syn', 'TCP: SYNs, each flow begins; left out: ACKs')
    .option('--no-stamp', 'without sequence number and time: frames are only counted')
}

function addTiming(command: Command): void {
  command
    .option(
      '--rate <rate>',
      'frames a second (100k, 1.5M), bits a second (1Gbit), or max; max if left out',
    )
    .option('--burst <frames>', 'instead: so many at once', wholeNumber)
    .option('--every <time>', 'and again after this time, as in 10ms, 250us')
    .option('--timing <file>', 'instead, with --pcap: "file", as its time stamps say')
    .option('--count <frames>', 'end after so many', wholeNumber)
    .option('--duration <time>', 'end after this time, as in 10s; left out: at Ctrl-C')
    .option('--loop', 'with --pcap: over and over, not once')
    .option('--drain <time>', 'how long to wait for what is on its way; 500ms if left out')
    .option(
      '--threads <n>',
      'that send; 2 as fast as can be, of several flows, else 1',
      wholeNumber,
    )
    .option('--batch <frames>', 'frames of a call to the kernel at most, up to 256', wholeNumber)
}

const list = (text: string): string[] => text.split(',')
const vlans = (text: string): number[] => list(text).map(vlanNumber)
