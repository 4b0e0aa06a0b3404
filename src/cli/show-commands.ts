/** The words of `linkspan show …`. */
import type { Command } from 'commander'
import type { ShowOptions } from './show.js'
import { type Filter, type Subject, subjects } from './subjects.js'
import { endWithReader, targeted, vlanNumber, wholeNumber } from './words.js'

export function addShowCommands(program: Command): void {
  const shows = program.command('show').description('show what a running switch is and does')
  for (const name of Object.keys(subjects) as Subject[]) addSubject(shows, name)
  targeted(shows.command('port <port>'))
    .description('one port: device, VLANs, policy, counters, drops')
    .option('--json', 'as JSON: the fields of "show ports"')
    .action(async (name: string, options: ShowOptions) => {
      endWithReader()
      await (await import('./show.js')).showPort(name, options)
    })
}

function addSubject(shows: Command, name: Subject): void {
  const { text, filters } = subjects[name]
  const command = shows.command(name).description(text)
  for (const filter of filters) addFilter(command, name, filter)
  if (name === 'ports') command.option('--wide', 'with MAC, VLANs and policy')
  targeted(command)
    .option('--json', 'as JSON; with --watch one object a line')
    .option('--watch', name === 'ports' ? 'again every second, with rates' : 'again every second')
    .action(async (options: ShowOptions) => {
      endWithReader()
      await (await import('./show.js')).show(name, options)
    })
}

function addFilter(command: Command, subject: Subject, filter: Filter): void {
  if (subject === 'flows' && filter === 'port') {
    command.option('--port <number>', 'with this TCP or UDP port, or echo identifier', wholeNumber)
  } else if (filter === 'limit') {
    command.option('--limit <flows>', 'at most so many; 10000 if left out', wholeNumber)
  } else if (filter === 'vlan') command.option('--vlan <id>', 'of this VLAN only', vlanNumber)
  else if (filter === 'vtep') command.option('--vtep <address>', 'behind this VTEP only')
  else if (filter === 'vni') command.option('--vni <number>', 'of this VNI only', wholeNumber)
  else if (filter === 'mac') command.option('--mac <mac>', 'of this MAC only: where is it?')
  else command.option(`--${filter} <${filter}>`, `of this ${filter} only`)
}
