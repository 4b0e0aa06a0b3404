/** What is wrong with a flow table at rest: everything in it, against everything else. IPv4's. */
const DIRECTORY = 0x10000
/** Offsets of assembly/memory.ts and flow/, known here and nowhere else in the tests. */
const AT = { flows: 2624, locks: 2628, hosts: 2632, hostsMask: 2636 }
const LOCKS = 4096
const FLAG = { dead: 1, mapped: 4, inward: 64, permit: 128 }
const RECORD = { flags: 2, protocol: 4, state: 5, slot: 6, next: 12, original: 40, reply: 52 }
const BUCKET = { size: 64, overflow: 4, tags: 8, references: 28, slots: 9 }
const CELL = { size: 16, next: 4, port: 8, protocol: 10, flags: 11, address: 12, row: 131_072 }
const MASK = (1n << 64n) - 1n

export class FlowAudit {
  readonly faults: string[] = []
  readonly live = new Set<number>()
  /** Of each kind of entry: which records have it. */
  readonly entries = [new Set<number>(), new Set<number>(), new Set<number>()] as const
  readonly #words: DataView
  readonly #table: number

  constructor(memory: WebAssembly.Memory) {
    this.#words = new DataView(memory.buffer)
    this.#table = this.#u32(DIRECTORY + AT.flows)
    this.#records()
    this.#index()
    this.#sides()
    this.#cells()
    this.#rest()
  }

  #u32(address: number): number {
    return this.#words.getUint32(address, true)
  }
  #u64(address: number): bigint {
    return this.#words.getBigUint64(address, true)
  }
  #head(field: number): number {
    return this.#u32(this.#table + field)
  }
  #record(index: number): number {
    return this.#head(16) + (index - 1) * this.#head(20)
  }
  #flags(index: number): number {
    return this.#words.getUint16(this.#record(index) + RECORD.flags, true)
  }
  #expect(what: string, found: number, wanted: number): void {
    if (found !== wanted) this.faults.push(`${what}: ${found}, not ${wanted}`)
  }

  /** Every record that was ever used is live or on the list of free ones, once. */
  #records(): void {
    const used = this.#head(144)
    const free = new Set<number>()
    for (
      let index = this.#head(136);
      index !== 0;
      index = this.#u32(this.#record(index) + RECORD.next)
    ) {
      if (index > used || free.has(index)) {
        this.faults.push(`the list of free records leads to ${index}, of ${used}`)
        break
      }
      free.add(index)
    }
    for (let index = 1; index <= used; index++) {
      const dead = (this.#flags(index) & FLAG.dead) !== 0
      if (!dead) this.live.add(index)
      if (dead !== free.has(index)) this.faults.push(`record ${index}: ${dead ? 'lost' : 'free'}`)
    }
    this.#expect('flows counted', this.#head(128), this.live.size)
  }

  /** Every entry is one of a live flow, where its tuple belongs, once. */
  #index(): void {
    const pool = this.#head(8)
    const seen = new Set<number>()
    const poolBucket = (index: number) => pool + (index - 1) * BUCKET.size
    for (let chain = 0; chain < this.#head(4); chain++) {
      let bucket = this.#head(0) + chain * BUCKET.size
      for (;;) {
        this.#bucket(bucket, chain)
        const next = this.#u32(bucket + BUCKET.overflow)
        if (next === 0) break
        if (seen.has(next)) {
          this.faults.push(`overflow bucket ${next} is in two chains`)
          break
        }
        seen.add(next)
        bucket = poolBucket(next)
      }
    }
    for (
      let index = this.#head(192);
      index !== 0;
      index = this.#u32(poolBucket(index) + BUCKET.overflow)
    ) {
      if (seen.has(index)) {
        this.faults.push(`overflow bucket ${index} is free and in use`)
        break
      }
      seen.add(index)
    }
    this.#expect('overflow buckets', seen.size, Math.min(this.#head(200), this.#head(12)))
  }

  #bucket(bucket: number, chain: number): void {
    for (let slot = 0; slot < BUCKET.slots; slot++) {
      const reference = this.#u32(bucket + BUCKET.references + 4 * slot)
      if (reference === 0) continue
      const [index, kind] = [reference >>> 2, reference & 3]
      const what = `entry ${kind} of record ${index}`
      if (!this.live.has(index)) this.faults.push(`${what}: no flow`)
      if (this.entries[kind]?.has(index)) this.faults.push(`${what}: there twice`)
      this.entries[kind]?.add(index)
      const hash = this.#hash(index, kind)
      if (Number(((hash >> 32n) * BigInt(this.#head(4))) >> 32n) !== chain) {
        this.faults.push(`${what}: in chain ${chain}`)
      } else if (
        Number(hash & 0xffffn) !== this.#words.getUint16(bucket + BUCKET.tags + 2 * slot, true)
      ) {
        this.faults.push(`${what}: another tag`)
      }
    }
  }

  /** As assembly/flow/hash.ts has it. */
  #hash(index: number, kind: number): bigint {
    const record = this.#record(index)
    const tuple = record + (kind === 0 ? RECORD.original : RECORD.reply)
    const [a, b, c] = [32, 40, 48].map((field) => this.#u64(this.#table + field)) as [
      bigint,
      bigint,
      bigint,
    ]
    const all = this.#u32(tuple + 8)
    const ports = BigInt((kind === 2 ? all & 0xffff0000 : all) >>> 0)
    const what = BigInt(this.#words.getUint8(record + RECORD.protocol) | ((kind & 2) << 8))
    let x = ((this.#u64(tuple) ^ a) * b) & MASK
    x ^= x >> 32n
    x = ((x ^ ports ^ (what << 32n)) * c) & MASK
    x = ((x ^ (x >> 29n)) * b) & MASK
    return x ^ (x >> 32n)
  }

  /** Every flow that is in force has an entry a direction, and one that lets in exactly if it says so. */
  #sides(): void {
    for (const index of this.live) {
      const permits = (this.#flags(index) & FLAG.permit) !== 0
      if (permits !== this.entries[2].has(index))
        this.faults.push(`record ${index}: permits ${permits}`)
      if (this.#words.getUint8(this.#record(index) + RECORD.state) === 0) continue
      for (const kind of [0, 1] as const) {
        if (!this.entries[kind].has(index)) this.faults.push(`record ${index} has no entry ${kind}`)
      }
    }
    this.#expect('entries that let in', this.#head(132), this.entries[2].size)
  }

  /** Every external port is held by as many flows as it counts, and is on one chain. */
  #cells(): void {
    const held = new Map<number, number>()
    for (const index of this.live) {
      if ((this.#flags(index) & FLAG.mapped) === 0) continue
      const record = this.#record(index)
      const inward = (this.#flags(index) & FLAG.inward) !== 0
      const tuple = record + (inward ? RECORD.original : RECORD.reply)
      const row = this.#words.getUint8(record + RECORD.protocol) === 6 ? 0 : 65_536
      const slot = this.#words.getUint8(record + RECORD.slot) >> 1
      const cell = slot * CELL.row + row + this.#words.getUint16(tuple + 10)
      held.set(cell, (held.get(cell) ?? 0) + 1)
    }
    const chained = new Set<number>()
    for (let chain = 0; chain <= this.#head(68); chain++) {
      for (let at = this.#u32(this.#head(64) + 4 * chain); at !== 0; ) {
        if (chained.has(at - 1)) {
          this.faults.push(`cell ${at - 1} is on chains twice`)
          break
        }
        chained.add(at - 1)
        at = this.#u32(this.#head(56) + (at - 1) * CELL.size + CELL.next)
      }
    }
    for (let cell = 0; cell < this.#head(60) * CELL.row; cell++) {
      const at = this.#head(56) + cell * CELL.size
      const wanted = held.get(cell) ?? 0
      const found = this.#u32(at)
      const ready = (this.#words.getUint8(at + CELL.flags) & 1) !== 0
      const isOn = chained.has(cell)
      if (found === wanted && ready === wanted > 0 && isOn === ready) continue
      this.faults.push(
        `cell ${cell} counts ${found} of ${wanted} flows, ready ${ready}, on a chain ${isOn}`,
      )
    }
  }

  /** No lock is held, and the hosts together have as many flows as there are. */
  #rest(): void {
    const locks = this.#u32(DIRECTORY + AT.locks)
    let held = 0
    for (let index = 0; index < LOCKS; index++) if (this.#u32(locks + 4 * index) !== 0) held++
    this.#expect('locks held', held, 0)
    const hosts = this.#u32(DIRECTORY + AT.hosts)
    let counted = 0
    for (let index = 0; index <= this.#u32(DIRECTORY + AT.hostsMask); index++) {
      counted += this.#u32(hosts + 4 * index)
    }
    this.#expect('flows of hosts', counted, this.live.size)
  }
}
