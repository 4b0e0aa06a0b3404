/** Where the config file is, and reading it. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import type { Config } from '../config/types.js'
import { parseYaml } from '../config/yaml.js'
import { LinkspanError } from '../error.js'

export function defaultConfigFile(): string {
  if (process.getuid?.() === 0) return '/etc/linkspan/linkspan.yaml'
  const base = process.env.XDG_CONFIG_HOME ?? `${homedir()}/.config`
  return `${base}/linkspan/linkspan.yaml`
}

/** Reads and checks a config; `-` is standard input. */
export function readConfig(file = defaultConfigFile()): Config {
  return file === '-' ? parseYaml(readFileSync(0, 'utf8'), '<stdin>') : parseYaml(read(file), file)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code = 'NOT_FOUND', message } = error as NodeJS.ErrnoException
    const advice =
      code === 'ENOENT'
        ? `there is no config file ${file}: write one (see docs/config.md), or name another with -c`
        : `the config file ${file} cannot be read (${message}): name another with -c`
    throw new LinkspanError(code === 'ENOENT' ? 'NOT_FOUND' : code, advice, { cause: error })
  }
}
