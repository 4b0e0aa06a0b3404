/*
 * Linear memory as assembly/memory.ts lays it out: this program works on a copy of the module's
 * own, so every address is an offset in it and every constant here is one from there. Addresses are
 * of type size_t, though they are 32 bits: sums of them then need no truncation, and the constant
 * part goes into the instruction, as the module's constant offsets do.
 */
#ifndef BENCH_PIPELINE_MEMORY_H
#define BENCH_PIPELINE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where offset 0 is. Never changes once the copy is loaded, nor is its address taken. */
static uint8_t *linear;

#define DIRECTORY 0x10000u
enum directory_field {
    DIRECTORY_MAX_WORKERS = 8,
    DIRECTORY_MAX_PORTS = 12,
    DIRECTORY_WORKERS = 32,
    DIRECTORY_COUNTERS = 36,
    DIRECTORY_DROPS = 40,
    DIRECTORY_ARENAS = 48,
    DIRECTORY_CONFIG = 52,
    DIRECTORY_CONFIG_SIZE = 56,
    DIRECTORY_IDENTITY = 60,
    DIRECTORY_PORTS = 64,
    DIRECTORY_DOMAINS = 68,
    DIRECTORY_FDB = 72,
    DIRECTORY_GENERATION = 128,
    DIRECTORY_CAPTURING = 132,
};

enum { BURST_MAX = 256, TRANSMIT_MAX = 1024, EVENTS_MAX = 1024, READY_MAX = 256 };
enum { HEADS_SIZE = 262144, ENTRIES_RESERVE = 512, HEADS_RESERVE = 131072 };

/* A worker's block. */
enum worker_field {
    WORKER_EPOCH = 0,
    WORKER_INCARNATION = 64,
    WORKER_HEADS_USED = 68,
    WORKER_NEXT = 72,
    WORKER_COUNT = 76,
    WORKER_PORT = 80,
    WORKER_NOW = 88,
    WORKER_AHEAD = 100,
    WORKER_STATISTICS = 128,
    WORKER_IN_HAND = 352,
    WORKER_DETOURS = 364,
    WORKER_EVENT_HEAD = 384,
    WORKER_EVENT_LOST = 392,
    WORKER_EVENT_TAIL = 448,
    WORKER_RECEIVED = 768,
    WORKER_FRAMES = WORKER_RECEIVED + BURST_MAX * 8,
    WORKER_TRANSMIT = WORKER_FRAMES + BURST_MAX * 64,
    WORKER_READY = WORKER_TRANSMIT + TRANSMIT_MAX * 32,
    WORKER_EVENTS = WORKER_READY + READY_MAX * 8,
    WORKER_SIZE = WORKER_EVENTS + EVENTS_MAX * 32,
};

enum {
    COUNTERS_SIZE = 64,
    CONFIG_HEAD_SIZE = 64,
    PORT_RECORD_SIZE = 256,
    DOMAIN_RECORD_SIZE = 64,
    PORT_SHARED_SIZE = 128,
    DOMAIN_SHARED_SIZE = 64,
    VLAN_SET_SIZE = 512,
    RUN_SIZE = 32,
    REASONS_MAX = 128,
    BUCKET_SIZE = 128,
};

/* Plain access. memcpy, since addresses need not be aligned; it compiles to a move. */
#define DEFINE_ACCESS(type, name)                                                                  \
    static inline type load##name(size_t address) {                                                \
        type value;                                                                                \
        memcpy(&value, linear + address, sizeof value);                                            \
        return value;                                                                              \
    }                                                                                              \
    static inline void store##name(size_t address, type value) {                                   \
        memcpy(linear + address, &value, sizeof value);                                            \
    }

DEFINE_ACCESS(uint8_t, 8)
DEFINE_ACCESS(uint16_t, 16)
DEFINE_ACCESS(uint32_t, 32)
DEFINE_ACCESS(uint64_t, 64)
DEFINE_ACCESS(double, _double)

/* Atomic access, sequentially consistent as WebAssembly's is. Addresses are aligned. */
#define DEFINE_ATOMIC(type, name)                                                                  \
    static inline type atomic_load##name(size_t address) {                                         \
        return __atomic_load_n((type *)(void *)(linear + address), __ATOMIC_SEQ_CST);              \
    }                                                                                              \
    static inline void atomic_store##name(size_t address, type value) {                            \
        __atomic_store_n((type *)(void *)(linear + address), value, __ATOMIC_SEQ_CST);             \
    }                                                                                              \
    static inline type atomic_add##name(size_t address, type by) {                                 \
        return __atomic_fetch_add((type *)(void *)(linear + address), by, __ATOMIC_SEQ_CST);       \
    }                                                                                              \
    /* The value that was there: the exchange took place if it is `from`. */                       \
    static inline type atomic_exchange##name(size_t address, type from, type to) {                 \
        __atomic_compare_exchange_n((type *)(void *)(linear + address), &from, to, false,          \
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                           \
        return from;                                                                               \
    }

DEFINE_ATOMIC(uint32_t, 32)
DEFINE_ATOMIC(uint64_t, 64)

static inline size_t directory(enum directory_field field) {
    return load32(DIRECTORY + field);
}

static inline size_t worker_block(uint32_t worker) {
    return directory(DIRECTORY_WORKERS) + worker * WORKER_SIZE;
}

#endif
