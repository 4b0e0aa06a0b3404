import { relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { daemonFiles } from '../../scripts/lib/daemon.js'
import { tree } from './tree.js'

/** What of a tree of these files (paths below src/) goes into the bundle of the command line. */
function daemonOf(files: Record<string, string>): string[] {
  const folder = tree(files)
  return [...daemonFiles(folder)].map((file) => relative(folder, file as string)).sort()
}

describe('what the command line bundles', () => {
  it('is its own files and what needs a package that is no dependency', () => {
    const files = {
      'cli/linkspan.ts': "import { Command } from 'commander'\nimport '../control/api.js'",
      'cli/show/ports.ts': "import '../../control/state.js'",
      'control/api.ts': "import './server.js'\nimport './state.js'",
      'control/server.ts': "import fastify from 'fastify'",
      'control/state.ts':
        "import { z } from 'zod'\nimport fs from 'node:fs'\nimport net from 'net'",
      'index.ts': "import './control/state.js'",
    }
    expect(daemonOf(files)).toEqual([
      'cli/linkspan.ts',
      'cli/show/ports.ts',
      'control/api.ts',
      'control/server.ts',
    ])
  })

  it.each(['index.ts', 'node.ts', 'worker/main.ts', 'testing/host.ts'])(
    'cannot be what %s needs: the way to the package is told',
    (entry) => {
      const up = entry.includes('/') ? '..' : '.'
      const files = {
        [entry]: `import '${up}/config/read.js'`,
        'config/read.ts': "import { parse } from 'yaml'",
      }
      expect(() => daemonOf(files)).toThrow(
        `src/${entry} → src/config/read.ts → yaml: the package has no such dependency`,
      )
    },
  )
})
