/** The kinds of device that a browser has. */
export { memoryKinds as kinds } from '../../support/device-memory.js'
