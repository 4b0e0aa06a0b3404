// Profiles as text, and the part of docs/limits.md between marks.
import { readFileSync, writeFileSync } from 'node:fs'
import { write } from '../../scripts/lib/files.js'
import { at } from '../../scripts/lib/house.js'
import { format } from '../lib/format.js'
import { machineText, replaceBetween } from '../lib/publish.js'

const PAGE = 'docs/limits.md'
const MARKS = {
  begin: '<!-- profiles: written by npm run bench:profile -- publish -->',
  end: '<!-- end of the profiles -->',
}
/** What takes less than that is "the rest". */
const LEAST = 0.03

/** The functions that take most, and the rest, as nanoseconds of a frame. */
function rowsOf({ rate, shares }) {
  const frame = 1e3 / rate
  const named = shares.filter(({ share }) => share >= LEAST)
  const rest = 1 - named.reduce((sum, { share }) => sum + share, 0)
  const rows = rest > 0.005 ? [...named, { name: 'the rest', share: rest }] : named
  return rows.map(({ name, share }) => ({
    name,
    share: `${Math.round(share * 100)} %`,
    time: `${format(share * frame)} ns`,
  }))
}

export function textOf(profile) {
  const rows = rowsOf(profile).map(
    ({ name, share, time }) => `  ${share.padStart(5)} ${time.padStart(9)}  ${name}`,
  )
  return [
    `${profile.title}: ${format(profile.rate)} M/s, ${format(1e3 / profile.rate)} ns each`,
    ...rows,
  ].join('\n')
}

function tableOf(profile) {
  const head = `**${profile.title}**, ${format(1e3 / profile.rate)} ns each:`
  const rows = rowsOf(profile).map(
    ({ name, share, time }) => `| \`${name}\` | ${share} | ${time} |`,
  )
  return [head, '', '| function | share | of a frame |', '|---|---|---|', ...rows].join('\n')
}

/** What stands between the marks. */
export const sectionOf = ({ date, machine, profiles }) =>
  [machineText({ machine, date }), ...profiles.map(tableOf)].join('\n\n')

export const replaceProfiles = (page, section) => replaceBetween(PAGE, page, MARKS, section)

/** Writes profiles as JSON, and into the page. */
export function publishProfiles(measured) {
  write(at('docs/limits/profiles.json'), `${JSON.stringify(measured, null, 2)}\n`)
  const page = at(PAGE)
  writeFileSync(page, replaceProfiles(readFileSync(page, 'utf8'), sectionOf(measured)))
}
