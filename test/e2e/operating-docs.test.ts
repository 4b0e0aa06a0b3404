/** docs/operating.md: every command in it is run, in its order, and what it shows is what is printed. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { blocksOf, commandsOf, type DocCommand, fits } from '../support/doc-commands.js'
import { directory, command as linkspanCommand } from '../support/linkspan.js'
import { type Ended, type Program, run, start } from '../support/process.js'

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')

/** A host of its own: names of namespaces, interfaces and sockets are as in the page. */
class Host {
  readonly #holder: Program
  readonly directory = directory()

  constructor() {
    const set = 'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && echo ready'
    this.#holder = start(['unshare', '-m', '-n', 'sh', '-c', `${set} && exec sleep 600`])
    const program = join(this.directory, 'linkspan')
    writeFileSync(program, `#!/bin/sh\nexec ${linkspanCommand.join(' ')} "$@"\n`)
    chmodSync(program, 0o755)
  }

  ready(): Promise<void> {
    return this.#holder.prints('ready')
  }

  #words(script: string): string[] {
    const enter = ['nsenter', '-t', String(this.#holder.pid), '-m', '-n']
    const place = `cd '${this.directory}' && PATH="$PWD:$PATH" && export PATH`
    return [...enter, 'sh', '-c', `${place} && ${script}`]
  }

  run(script: string): Promise<Ended> {
    return run(this.#words(script))
  }

  start(script: string): Program {
    return start(this.#words(`exec ${script}`))
  }
}

/** Goes on until Ctrl-C. */
function isEndless(command: string): boolean {
  const bounded = /--(duration|count) /.test(command)
  return /--watch/.test(command) || (/^linkspan (events|capture)/.test(command) && !bounded)
}

async function runOne(host: Host, { line, command, prints }: DocCommand): Promise<void> {
  const endless = isEndless(command)
  const script = endless ? `timeout -s INT 1.5 ${command}` : command
  const { status, stdout, stderr } = await host.run(script)
  const what = `docs/operating.md:${line}: ${command}\n${stdout}${stderr}`
  // What timeout(1) says of a program that it had to interrupt.
  if (status !== 0 && !(endless && status === 124)) expect.fail(`exit status ${status} of ${what}`)
  if (endless) expect(stderr, what).toBe('')
  if (prints !== undefined && !fits(stdout, prints)) expect.fail(`other output of ${what}`)
}

test('fits: spaces aside, … is anything, and all the rest counts', () => {
  expect(fits('a   1  x\n', 'a 1 x\n')).toBe(true)
  expect(fits('a 1 x\n', 'a … x\n')).toBe(true)
  expect(fits('a\nb\nc\n', 'a\n…\n')).toBe(true)
  expect(fits('a\nb\nc\n', 'a\n…\nc\n')).toBe(true)
  expect(fits('a 2 x\n', 'a 1 x\n')).toBe(false)
  expect(fits('a\nb\n', 'a\n')).toBe(false)
  expect(fits('a.b\n', 'a+b\n')).toBe(false)
})

test('every command of the page does what it says', { timeout: 300_000 }, async () => {
  const host = new Host()
  await host.ready()
  writeFileSync(join(host.directory, 'lab.yaml'), blocksOf(page, 'yaml')[0] ?? '')
  const setUp = (blocksOf(page, 'sh')[0] ?? '').trim().split('\n')
  const background = setUp.filter((line) => line.endsWith(' &'))
  for (const line of setUp.filter((line) => !background.includes(line))) {
    expect(await host.run(line), line).toMatchObject({ status: 0, stderr: '' })
  }
  expect(background).toHaveLength(1)
  const running = host.start((background[0] ?? '').slice(0, -2))
  await running.prints('control socket')
  // So that there is something to see.
  host.start('ip netns exec web ping -q -i 0.2 10.55.0.3')
  const commands = commandsOf(page, 'linkspan')
  expect(commands.length).toBeGreaterThan(80)
  for (const each of commands) await runOne(host, each)
  expect(await running.end()).toMatchObject({ status: 0 })
})
