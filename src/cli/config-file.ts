/** Where the config file is, and reading it. */
import { existsSync, readFileSync } from 'node:fs'
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
  if (file !== '-' && !existsSync(file)) {
    const message = `there is no config file ${file}: write one (see docs/config.md), or name another with -c`
    throw new LinkspanError('NOT_FOUND', message)
  }
  return parseYaml(readFileSync(file === '-' ? 0 : file, 'utf8'), file === '-' ? '<stdin>' : file)
}
