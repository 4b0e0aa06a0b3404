// What has to be there before anything else runs: Node, the packages of the lock file, a compiler
// and, where they can be had, the commands that tests, bench and demo use.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chromium } from './lib/chromium.js'
import { hasCommand, packagesFor } from './lib/commands.js'
import { at, HouseError, isMain, main, packageJson, top } from './lib/house.js'

/** What the build of the addon needs. */
const compiler = ['cc', 'g++', 'make', 'python3']

/** What the tests call besides the switch itself. */
export const testTools = [
  ...['ip', 'unshare', 'ping', 'iperf3', 'tcpdump', 'tshark', 'ethtool', 'scapy'],
  ...['ovs-vsctl', 'ovs-vswitchd', 'vde_switch', 'nft', 'traceroute', 'turnserver', 'curl'],
]

/** Node, packages and compiler: enough to build. */
export function setup() {
  checkNode()
  installPackages()
  if (process.platform === 'linux') ensureTools(compiler)
}

function checkNode() {
  const [major] = process.versions.node.split('.')
  if (Number(major) >= 20) return
  throw new HouseError(
    `Node ${process.versions.node} is too old: ${packageJson().engines.node} is needed. Install a newer Node.`,
  )
}

/** Runs `npm ci` when what is installed is not what the lock file asks for. */
function installPackages() {
  if (installed()) return
  console.log('setup: installing packages (npm ci)')
  const npm = process.env.npm_execpath
  const [command, args] = npm ? [process.execPath, [npm, 'ci']] : ['npm', ['ci']]
  const { status } = spawnSync(command, args, { cwd: top, stdio: 'inherit' })
  if (status !== 0) {
    throw new HouseError(
      'npm ci failed, see above. It needs the network once; then run this again.',
    )
  }
}

/**
 * Compares with npm's own record of what it installed, so that packages a person installed by hand
 * are not installed a second time. Optional packages of other platforms are rightly absent.
 */
function installed() {
  const record = at('node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages
  const have = JSON.parse(readFileSync(record, 'utf8')).packages
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || have[path]?.version === version,
  )
}

/**
 * Makes sure that commands are there: installs what is missing with apt-get when it may.
 *
 * @param {string[]} commands that scripts/lib/commands.js knows
 * @param {{optional?: boolean, path?: string}} [options] `optional`: go on without what cannot be
 *   had; `path`: where to look, `PATH` and the sbin folders (which a user's `PATH` often lacks)
 *   unless told
 * @returns {string[]} the commands that are still missing: none unless `optional`
 */
export function ensureTools(commands, { optional = false, path } = {}) {
  const absent = () => commands.filter((command) => !hasCommand(command, path))
  const missing = absent()
  if (missing.length === 0) return []
  const packages = packagesFor(missing)
  const failure = aptInstall(packages, path)
  const left = absent()
  if (left.length === 0 || optional) return left
  throw new HouseError(
    `${left.join(', ')}: not found. ${failure ?? 'apt-get did not bring it.'} ` +
      `On Debian or Ubuntu: apt-get install ${packages.join(' ')}`,
  )
}

/**
 * Makes sure of a browser that tests can run in. It is asked for by itself: where a distribution has no
 * package of that name (Ubuntu), apt-get would refuse all others with it.
 */
export function ensureBrowser(path) {
  if (chromium(path)) return
  try {
    ensureTools(['chromium'], { path })
  } catch (error) {
    const advice = 'Or set CHROME_BIN to the program of a Chrome or Chromium.'
    throw new HouseError(`${error.message}. ${advice}`)
  }
}

/** Installs packages without questions; returns why it could not, or undefined. */
function aptInstall(packages, path) {
  if (process.getuid?.() !== 0) return 'Only root can install it here.'
  if (!hasCommand('apt-get', path)) return 'There is no apt-get here to install it with.'
  console.log(`setup: installing ${packages.join(' ')} (apt-get)`)
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }
  const install = ['install', '--yes', '-qq', '--no-install-recommends', ...packages]
  return withoutServices(() => {
    try {
      execFileSync('apt-get', ['update', '-qq'], options)
      execFileSync('apt-get', install, options)
    } catch (error) {
      return `apt-get failed: ${error.message}.`
    }
  })
}

/**
 * Keeps packages from starting the services they bring (Open vSwitch does) while `action` runs:
 * 101 from policy-rc.d means "forbidden by policy" to every Debian package. A policy that is
 * already there stays.
 */
function withoutServices(action) {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return action()
  // With a listener Ctrl-C ends apt-get only, and the policy is taken away again.
  const ignore = () => {}
  process.on('SIGINT', ignore)
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return action()
  } finally {
    rmSync(policy)
    process.off('SIGINT', ignore)
  }
}

if (isMain(import.meta)) await main(setup)
