// One bench at a time: two would measure each other, and use the same names.
import { createServer } from 'node:net'
import { HouseError } from '../../scripts/lib/house.js'

/**
 * Takes the place. An abstract socket goes with its process, however that ends.
 *
 * @returns {Promise<() => void>} gives it up
 */
export function takePlace() {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(error.code === 'EADDRINUSE' ? new HouseError('bench: another one is running') : error)
    })
    server.listen('\0linkspan-bench', () => resolve(() => server.close()))
  })
}
