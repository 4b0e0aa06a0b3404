/** Open vSwitch as tests run it: daemons that are theirs alone, with the userspace datapath. */
import { join } from 'node:path'
import { directory } from './linkspan.js'
import { within } from './netns.js'
import { must, start } from './process.js'
import { until } from './until.js'

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

/** Commands of one database and switch. */
export interface OvsTools {
  vsctl(...words: string[]): Promise<string>
  appctl(...words: string[]): Promise<string>
}

/**
 * Starts a database and a switch of the test's own, in a folder of their own.
 *
 * @param settings words of `ovs-vsctl set Open_vSwitch .`
 */
export async function ovsDaemons(
  netns: string,
  settings: readonly string[] = [],
): Promise<OvsTools> {
  const folder = directory()
  const path = (file: string) => join(folder, file)
  const env = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder }
  const own = (name: string) => [
    `--pidfile=${path(`${name}.pid`)}`,
    `--unixctl=${path(`${name}.ctl`)}`,
    '-voff',
  ]
  const database = `unix:${path('db.sock')}`
  const vsctl = (...words: string[]) =>
    must(['ovs-vsctl', `--db=${database}`, '--timeout=20', ...words], { env })
  await must(['ovsdb-tool', 'create', path('conf.db'), SCHEMA], { env })
  start(within(netns, 'ovsdb-server', path('conf.db'), `--remote=p${database}`, ...own('server')), {
    env,
  })
  await until('the database of Open vSwitch', () =>
    vsctl('--no-wait', 'init').then(
      () => true,
      () => false,
    ),
  )
  if (settings.length > 0) await vsctl('--no-wait', 'set', 'Open_vSwitch', '.', ...settings)
  start(within(netns, 'ovs-vswitchd', database, ...own('switch')), { env })
  return {
    vsctl,
    appctl: (...words) => must(['ovs-appctl', '-t', path('switch.ctl'), ...words], { env }),
  }
}
