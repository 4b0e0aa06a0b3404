/**
 * The errors that Linkspan shows to people and to programs. `code` is stable (semver covers it);
 * `message` is for reading and may get better.
 */

/** Codes of the errors that are not tied to a system call. */
export type LinkspanErrorCode =
  | 'CONFIG'
  | 'DEVICE'
  | 'EXISTS'
  | 'NOT_FOUND'
  | 'LIMIT'
  | 'CLOSED'
  | 'RESTART'
  | 'INVALID'
  | 'UNREACHABLE'
  | 'REFUSED'
  | 'TIMEOUT'
  | 'IDLE'
  | 'HANDLER'
  | 'RECORDING'
  | 'RESTORED'

export class LinkspanError extends Error {
  override readonly name: string = 'LinkspanError'

  /** @param code one of {@link LinkspanErrorCode}, or what a subclass says of its own */
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** A value that was given is not what it must be. Code `INVALID`. */
export class InvalidError extends LinkspanError {
  override readonly name = 'InvalidError'

  /**
   * @param found the value as text, quoted and shortened
   * @param expected what would have been right, as a noun phrase: `a MAC address such as …`
   */
  constructor(
    readonly found: string,
    readonly expected: string,
  ) {
    super('INVALID', `found ${found}; expected ${expected}`)
  }
}

/** One thing that is wrong with a config. */
export interface ConfigIssue {
  /** Where, key by key; a number is an index into a list. Empty: the config as a whole. */
  path: (string | number)[]
  /** The path as a person writes it: `ports.web.device.mtu`, `fdb[0].mac`. */
  key: string
  /** What is wrong and what to do, one line, without the place. */
  message: string
  /** What stands there, as text, quoted and shortened; `nothing` when a key is missing. */
  found: string
  /** What would be right, as a noun phrase. */
  expected: string
  /** The file as it was named by the caller; absent for a config that did not come from text. */
  file?: string
  /** 1-based; absent for a config that did not come from text. */
  line?: number
  /** 1-based, in UTF-16 code units. */
  column?: number
}

/** A config that is wrong, with all that is wrong with it. Code `CONFIG`. Nothing was applied. */
export class ConfigError extends LinkspanError {
  override readonly name = 'ConfigError'

  /** @param issues at least one, in the order of the file */
  constructor(readonly issues: readonly ConfigIssue[]) {
    super('CONFIG', issues.map(issueLine).join('\n'))
  }
}

/** `linkspan.yaml:12: ports.web.device.mtu: found "big"; expected a whole number …` */
function issueLine({ file, line, key, message }: ConfigIssue): string {
  const place = file === undefined ? '' : line === undefined ? `${file}: ` : `${file}:${line}: `
  return `${place}${key === '' ? '' : `${key}: `}${message}`
}
