/** A page of the docs whose commands are run, in its order, on a host of their own. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { blocksOf, commandsOf, type DocCommand, fits } from './doc-commands.js'
import { directory, command as linkspanCommand } from './linkspan.js'
import { type Ended, type Program, run, start } from './process.js'

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

async function runOne(host: Host, place: string, { command, prints }: DocCommand): Promise<void> {
  const endless = isEndless(command)
  const script = endless ? `timeout -s INT 1.5 ${command}` : command
  const { status, stdout, stderr } = await host.run(script)
  const what = `${place}: ${command}\n${stdout}${stderr}`
  // What timeout(1) says of a program that it had to interrupt.
  if (status !== 0 && !(endless && status === 124)) expect.fail(`exit status ${status} of ${what}`)
  if (endless) expect(stderr, what).toBe('')
  if (prints !== undefined && !fits(stdout, prints)) expect.fail(`other output of ${what}`)
}

export interface PageOptions {
  /** Commands that the page has at least. */
  least: number
  /** What goes on meanwhile. */
  meanwhile?: string
}

/**
 * Its first block of `yaml` is `lab.yaml`, further ones are files of the names that stand before them
 * (`` `more.yaml`: ``), its first block of `sh` sets up, with switches in the background; then the
 * commands of its tables and transcripts are run, the last of which end those.
 */
export async function runPage(path: string, { least, meanwhile }: PageOptions): Promise<void> {
  const page = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const host = new Host()
  await host.ready()
  for (const [, name = '', text = ''] of page.matchAll(/^`([\w.-]+)`:\n\n```yaml\n(.*?)^```/gms)) {
    writeFileSync(join(host.directory, name), text)
  }
  const setUp = (blocksOf(page, 'sh')[0] ?? '').trim().split('\n')
  const background = setUp.filter((line) => line.endsWith(' &'))
  for (const line of setUp.filter((line) => !background.includes(line))) {
    expect(await host.run(line), line).toMatchObject({ status: 0, stderr: '' })
  }
  expect(background).not.toEqual([])
  const running = background.map((line) => host.start(line.slice(0, -2)))
  for (const each of running) await each.prints('control socket')
  if (meanwhile !== undefined) host.start(meanwhile)
  const commands = commandsOf(page, 'linkspan')
  expect(commands.length).toBeGreaterThan(least)
  for (const each of commands) await runOne(host, `${path}:${each.line}`, each)
  for (const each of running) expect(await each.end()).toMatchObject({ status: 0 })
}
