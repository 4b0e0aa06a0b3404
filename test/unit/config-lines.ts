import { expect } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { ConfigError } from '../../src/error.js'

/** The lines of the ConfigError that it throws; none when it throws nothing. */
export function linesOf(run: () => unknown): string[] {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).issues.length).toBeGreaterThan(0)
    return (error as ConfigError).message.split('\n')
  }
  return []
}

/** What is wrong with a config, as lines. */
export const lines = (value: unknown) => linesOf(() => parseConfig(value))
