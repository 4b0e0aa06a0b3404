// Prints what a run of the lab hashes to, in a process of its own.
import { labHash } from './lab-run.mjs'

process.stdout.write(await labHash(process.argv[2]))
