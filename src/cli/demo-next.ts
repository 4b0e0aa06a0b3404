/** What to try after the demo: commands that can be pasted. */
import { relative } from 'node:path'

/** The command line as this process was started by. */
export const self = commandLine()

function commandLine(): string {
  const script = process.argv[1] ?? ''
  if (!script.endsWith('linkspan.js')) return 'linkspan'
  const path = relative(process.cwd(), script)
  return `node ${path.startsWith('..') ? script : path}`
}

/** A switch between two namespaces of the reader's own. */
export function nextSteps(): string {
  return `A switch of your own, as root; README.md goes on from here:

ip netns add red && ip netns add blue
${self} up -c - <<'END' &
version: 1
bridges: { lan: {} }
ports:
  red: { bridge: lan, device: { type: tap, netns: red, name: eth0, addresses: [10.55.0.1/24] } }
  blue: { bridge: lan, device: { type: tap, netns: blue, name: eth0, addresses: [10.55.0.2/24] } }
END
sleep 1; ip netns exec red ping -c 3 10.55.0.2
${self} show ports
${self} down; ip netns del red; ip netns del blue`
}
