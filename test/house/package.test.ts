import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { at, packageJson } from '../../scripts/lib/house.js'
import { packageProblems } from '../../scripts/pack.js'

const manifest = {
  bin: { x: 'dist/cli/x.js' },
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  scripts: { build: 'node build.js' },
}
const prebuilt = ['native/prebuilds/linux-x64/linkspan.node']
const files = [
  ...['dist/cli/x.js', 'dist/index.d.ts', 'dist/index.js', 'package.json'],
  ...['README.md', 'LICENSE', 'CHANGELOG.md', ...prebuilt],
  ...['docs/testing.md', 'examples/retry.test.js'],
  ...['dist/bench/main.js', 'dist/bench/rooms.js', 'dist/bench/kernels.wasm'],
  ...['bench/reference/host.h', 'bench/reference/pipeline/main.c'],
]
const problems = (packed: string[], changes = {}): string[] =>
  packageProblems(packed, { ...manifest, ...changes }, { prebuilt })

describe('what is packed', () => {
  it('is right with all that package.json promises', () => {
    expect(problems(files)).toEqual([])
  })

  it.each(files.filter((file) => file !== 'package.json'))('is wrong without %s', (file) => {
    expect(problems(files.filter((other) => other !== file))).toEqual([`${file} is missing`])
  })

  it.each([
    ...[
      'docs/notes.txt',
      'examples/browser/dist/index.html',
      'src/index.ts',
      'native/tap.c',
      'native/build/Release/linkspan.node',
    ],
    ...['binding.gyp', 'test/a.test.ts', 'package-lock.json'],
    ...[
      'bench/run.js',
      'bench/reference/.clang-format',
      'bench/reference/a.o',
      'bench/results/a.c',
    ],
  ])('is wrong with %s', (file) => {
    expect(problems([...files, file])).toEqual([`${file} does not belong into it`])
  })

  it.each(['preinstall', 'install', 'postinstall', 'prepare'])('runs no %s script', (name) => {
    expect(problems(files, { scripts: { [name]: 'node-gyp rebuild' } })).toEqual([
      expect.stringContaining(`"${name}"`),
    ])
    expect(packageJson().scripts).not.toHaveProperty(name)
  })
})

describe('package.json and its lock', () => {
  it('compiles nothing where it is installed: no binding.gyp at the top', () => {
    expect(existsSync(at('binding.gyp'))).toBe(false)
  })

  it('has no hosts in the lock file', () => {
    const lock = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'))
    const resolved = Object.values(lock.packages).filter((entry) => 'resolved' in (entry as object))
    expect(resolved).toEqual([])
  })

  it('has all platforms in the lock file, or npm ci fails wherever one is missing', () => {
    const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'))
    const optional = Object.values(packages as Record<string, { optionalDependencies?: object }>)
      .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
      .filter(
        (name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)),
      )
    expect(optional).toEqual([])
  })

  it('has a lock file that says the same', () => {
    const { dependencies, devDependencies } = packageJson()
    const lock = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages['']
    expect(lock).toMatchObject({ dependencies, devDependencies })
  })
})
