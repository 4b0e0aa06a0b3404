/* An FDB entry: key and value of the hash table (assembly/bridge/entry.ts). */
#ifndef BENCH_PIPELINE_ENTRY_H
#define BENCH_PIPELINE_ENTRY_H

#include "config.h"

#define STAMP_MASK 0xffffffu
#define GENERATION_MASK 0xffffu
enum { SKEW = 64, FLAG_STATIC = 1, FLAG_STICKY = 2, SHARED_GENERATION = 0, SHARED_ENTRIES = 4 };

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

static inline bool is_sticky(uint64_t value) {
    return ((uint32_t)value & (FLAG_STICKY << 16)) != 0;
}

static inline uint64_t value_for(uint32_t port, uint32_t flags, uint32_t generation,
                                 uint32_t stamp) {
    return (uint64_t)port | ((uint64_t)flags << 16) | ((uint64_t)generation << 24) |
           ((uint64_t)stamp << 40);
}

static inline size_t shared_of_port(uint32_t port) {
    return directory(DIRECTORY_PORTS) + (size_t)port * PORT_SHARED_SIZE;
}

static inline size_t shared_of_domain(uint32_t fid) {
    return directory(DIRECTORY_DOMAINS) + (size_t)fid * DOMAIN_SHARED_SIZE;
}

static inline uint32_t domain_generation(uint32_t fid) {
    return atomic_load32(shared_of_domain(fid) + SHARED_GENERATION);
}

static inline uint32_t generation_of(uint32_t port, uint32_t fid) {
    uint32_t of_port = atomic_load32(shared_of_port(port) + SHARED_GENERATION);
    return (of_port + domain_generation(fid)) & GENERATION_MASK;
}

static inline uint32_t ageing_of(size_t config, uint32_t fid) {
    return load32(domain_record(config, fid) + DOMAIN_AGEING);
}

static inline uint32_t stamp_of(double now) {
    return (uint32_t)(uint64_t)(now / TICK_MS) & STAMP_MASK;
}

static inline uint32_t age_of(uint64_t value, uint32_t stamp) {
    uint32_t age = (stamp - (uint32_t)(value >> 40)) & STAMP_MASK;
    return age > STAMP_MASK - SKEW ? 0 : age;
}

/* What a loop knows of the domain, and where the ports' shared words begin. */
struct validity {
    size_t ports;
    uint32_t generation, ageing, stamp;
};

static inline struct validity validity_of(size_t config, uint32_t fid, uint32_t stamp) {
    return (struct validity){
        .ports = directory(DIRECTORY_PORTS),
        .generation = domain_generation(fid),
        .ageing = ageing_of(config, fid),
        .stamp = stamp,
    };
}

static inline bool is_valid(uint64_t value, struct validity known) {
    size_t shared = known.ports + (size_t)port_of(value) * PORT_SHARED_SIZE;
    uint32_t wanted = atomic_load32(shared + SHARED_GENERATION) + known.generation;
    bool same = (((uint32_t)(value >> 24) ^ wanted) & GENERATION_MASK) == 0;
    if (same && age_of(value, known.stamp) < known.ageing) {
        return true;
    }
    return is_static(value) || (same && is_sticky(value));
}

static inline bool in_force(size_t config, uint32_t fid, uint64_t value, uint32_t stamp) {
    return is_valid(value, validity_of(config, fid, stamp));
}

#endif
