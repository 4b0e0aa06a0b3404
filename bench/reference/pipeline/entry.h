/* An FDB entry: key and value of the hash table (assembly/bridge/entry.ts). */
#ifndef BENCH_PIPELINE_ENTRY_H
#define BENCH_PIPELINE_ENTRY_H

#include "config.h"

#define STAMP_MASK 0xffffffu
#define GENERATION_MASK 0xffffu
enum { SKEW = 64, FLAG_STATIC = 1, SHARED_GENERATION = 0, SHARED_ENTRIES = 4 };

static inline uint64_t key_of(uint64_t mac, uint32_t fid) {
    return (mac << 16) | fid;
}

static inline uint32_t fid_of(uint64_t key) {
    return (uint32_t)key & 0xffff;
}

static inline uint32_t port_of(uint64_t value) {
    return (uint32_t)value & 0xffff;
}

static inline bool is_static(uint64_t value) {
    return ((uint32_t)value & (FLAG_STATIC << 16)) != 0;
}

static inline uint64_t value_for(uint32_t port, uint32_t flags, uint32_t generation,
                                 uint32_t stamp) {
    return (uint64_t)port | ((uint64_t)flags << 16) | ((uint64_t)generation << 24) |
           ((uint64_t)stamp << 40);
}

static inline uint32_t shared_of_port(uint32_t port) {
    return directory(DIRECTORY_PORTS) + port * SHARED_SIZE;
}

static inline uint32_t shared_of_domain(uint32_t fid) {
    return directory(DIRECTORY_DOMAINS) + fid * SHARED_SIZE;
}

static inline uint32_t generation_of(uint32_t port, uint32_t fid) {
    uint32_t of_port = atomic_load32(shared_of_port(port) + SHARED_GENERATION);
    uint32_t of_domain = atomic_load32(shared_of_domain(fid) + SHARED_GENERATION);
    return (of_port + of_domain) & GENERATION_MASK;
}

static inline uint32_t stamp_of(double now) {
    return (uint32_t)(uint64_t)(now / TICK_MS) & STAMP_MASK;
}

static inline uint32_t age_of(uint64_t value, uint32_t stamp) {
    uint32_t age = (stamp - (uint32_t)(value >> 40)) & STAMP_MASK;
    return age > STAMP_MASK - SKEW ? 0 : age;
}

static inline bool in_force(uint32_t config, uint32_t fid, uint64_t value, uint32_t stamp) {
    if (is_static(value)) {
        return true;
    }
    uint32_t generation = (uint32_t)(value >> 24) & GENERATION_MASK;
    if (generation != generation_of(port_of(value), fid)) {
        return false;
    }
    return age_of(value, stamp) < load32(domain_record(config, fid) + DOMAIN_AGEING);
}

#endif
