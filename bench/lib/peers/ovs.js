// Open vSwitch's userspace datapath (datapath_type=netdev) with two TAPs; database and daemon of its
// own, in a folder and a namespace of its own, beside whatever Open vSwitch the machine runs.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { HouseError } from '../../../scripts/lib/house.js'
import { ifnames } from '../lab.js'
import { Background, run } from '../process.js'
import { poll } from '../wait.js'

export const name = 'ovs'
export const label = 'Open vSwitch'
export const commands = ['ovs-vswitchd', 'ovs-vsctl']

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

export async function start(lab, { folder, cleanup, signal }) {
  if (!existsSync(SCHEMA)) throw new HouseError(`Open vSwitch: ${SCHEMA} is not there`)
  const path = (file) => join(folder, `ovs-${file}`)
  const own = (file) => [`--pidfile=${path(`${file}.pid`)}`, `--unixctl=${path(`${file}.ctl`)}`]
  const env = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder }
  const daemon = (file, args) => {
    const process_ = new Background('ip', ['netns', 'exec', lab.host, file, ...args], { env })
    cleanup.add(() => process_.stop())
  }
  const vsctl = (...args) =>
    run('ovs-vsctl', [`--db=unix:${path('db.sock')}`, ...args], { env, signal })

  await run('ovsdb-tool', ['create', path('conf.db'), SCHEMA], { env })
  const remote = `--remote=punix:${path('db.sock')}`
  daemon('ovsdb-server', [path('conf.db'), remote, ...own('server'), '-voff'])
  await poll(() => vsctl('--no-wait', 'init'), { signal })
  daemon('ovs-vswitchd', [`unix:${path('db.sock')}`, ...own('switch'), '-voff'])
  const addPort = (ifname) => [
    ...['--', 'add-port', 'bn-br', ifname],
    ...['--', 'set', 'interface', ifname, 'type=tap'],
  ]
  const bridge = ['add-br', 'bn-br', '--', 'set', 'bridge', 'bn-br', 'datapath_type=netdev']
  await vsctl('--timeout=20', ...bridge, ...Object.values(ifnames).flatMap(addPort))
  await lab.adopt()
}
