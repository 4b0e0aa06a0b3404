// Open vSwitch's userspace datapath (datapath_type=netdev) with two TAPs; database and daemon of its
// own, in a folder and a namespace of its own, beside whatever Open vSwitch the machine runs.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { HouseError } from '../../../scripts/lib/house.js'
import { idleNames, ifnames } from '../lab.js'
import { Background, run } from '../process.js'
import { poll } from '../wait.js'

export const name = 'ovs'
export const label = 'Open vSwitch'
export const commands = ['ovs-vswitchd', 'ovs-vsctl']

/** Rooms for MACs: its own default of 2048 would be what is measured where there are more. */
const MACS = 65_536

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

export async function start(lab, { folder: parent, cleanup, signal, idlePorts }) {
  if (!existsSync(SCHEMA)) throw new HouseError(`Open vSwitch: ${SCHEMA} is not there`)
  const folder = join(parent, lab.host)
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(folder)
  const path = (file) => join(folder, file)
  const own = (file) => [`--pidfile=${path(`${file}.pid`)}`, `--unixctl=${path(`${file}.ctl`)}`]
  const env = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder }
  const daemon = (file, args) => {
    const process_ = new Background('ip', ['netns', 'exec', lab.host, file, ...args], { env })
    cleanup.add(() => process_.stop())
    return process_
  }
  const vsctl = (...args) =>
    run('ovs-vsctl', [`--db=unix:${path('db.sock')}`, ...args], { env, signal })

  await run('ovsdb-tool', ['create', path('conf.db'), SCHEMA], { env })
  const remote = `--remote=punix:${path('db.sock')}`
  const database = daemon('ovsdb-server', [path('conf.db'), remote, ...own('server'), '-voff'])
  await poll(() => vsctl('--no-wait', 'init'), { signal })
  const switch_ = daemon('ovs-vswitchd', [`unix:${path('db.sock')}`, ...own('switch'), '-voff'])
  const addPort = (ifname) => [
    ...['--', 'add-port', 'bn-br', ifname],
    ...['--', 'set', 'interface', ifname, 'type=tap'],
  ]
  const settings = ['datapath_type=netdev', `other_config:mac-table-size=${MACS}`]
  const bridge = ['add-br', 'bn-br', '--', 'set', 'bridge', 'bn-br', ...settings]
  const idle = idleNames(idlePorts)
  const ports = [...Object.values(ifnames), ...idle].flatMap(addPort)
  await vsctl('--timeout=20', ...bridge, ...ports)
  await lab.adopt()
  await lab.setUpIdle(idle)
  return [switch_, database]
}
