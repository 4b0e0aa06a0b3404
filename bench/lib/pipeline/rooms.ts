/**
 * The rooms of src/ that the in-memory figures drive, which are no part of the package's public face. In the
 * checkout they are bundled from the sources when they are asked for; the package has them bundled.
 */
export { MemoryDirectory } from '../../../src/control/directory/memory.js'
export { Forwarder } from '../../../src/dataplane/forwarder.js'
export { createMemory, memorySize } from '../../../src/dataplane/instance.js'
export { Manager } from '../../../src/dataplane/manager.js'
export { sharedModule } from '../../../src/dataplane/shared.js'
export { singleModule } from '../../../src/dataplane/single.js'
export { Topology } from '../../../src/dataplane/topology.js'
export { TUNNEL_OFFLOADS } from '../../../src/dataplane/tunnel-record.js'
export { nextFrame } from '../../../src/device/io.js'
export { loadNative } from '../../../src/device/native.js'
