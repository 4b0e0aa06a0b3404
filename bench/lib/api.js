// The control API of a running switch, as a program uses it.
import { request } from 'node:http'
import { HouseError } from '../../scripts/lib/house.js'

/**
 * Sends a request over the switch's socket.
 *
 * @param {string} socket
 * @param {string} method
 * @param {string} path
 * @param {string} [body] JSON, ready made
 * @returns {Promise<any>} what was answered, undefined where that is nothing
 * @throws HouseError with what was answered to a request that was refused
 */
export function ask(socket, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = request({ socketPath: socket, method, path, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => {
        if (answer.statusCode < 300) return resolve(text === '' ? undefined : JSON.parse(text))
        reject(new HouseError(`${method} ${path}: ${answer.statusCode} ${text}`))
      })
    })
    sent.on('error', (error) => reject(new HouseError(`${method} ${path}: ${error.message}`)))
    sent.end(body)
  })
}
