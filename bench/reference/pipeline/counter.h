/* Counters and drop reasons (assembly/counter.ts, assembly/drop.ts). */
#ifndef BENCH_PIPELINE_COUNTER_H
#define BENCH_PIPELINE_COUNTER_H

#include "memory.h"

enum counter {
    RX_FRAMES = 0,
    RX_OCTETS = 8,
    RX_DROPS = 16,
    TX_FRAMES = 24,
    TX_OCTETS = 32,
    TX_DROPS = 40
};

enum statistic {
    STATISTIC_BURSTS = 0,
    STATISTIC_FRAMES = 8,
    STATISTIC_LEARNED = 16,
    STATISTIC_MOVED = 24,
    STATISTIC_UNLEARNED = 48,
    STATISTIC_STATIC_VIOLATED = 56,
    STATISTIC_BURST_SIZES = 64,
};

enum drop {
    SHORT_FRAME = 1,
    LONG_FRAME,
    PORT_DOWN,
    SOURCE_INVALID,
    RESERVED_DESTINATION,
    SAME_PORT,
    NO_DESTINATION,
    CHECKSUM_REQUEST,
    SEGMENTATION_REQUEST,
    TRUNCATED_HEADER,
    HEADER_CHAIN,
    OVER_MTU,
    NEEDS_SEGMENTATION,
    EGRESS_DOWN,
    TRANSMIT_LIST_FULL,
};

static inline size_t counters_of(uint32_t worker, uint32_t port) {
    size_t index = worker * directory(DIRECTORY_MAX_PORTS) + port;
    return directory(DIRECTORY_COUNTERS) + index * COUNTERS_SIZE;
}

static inline size_t drops_of(uint32_t worker, uint32_t port) {
    size_t index = worker * directory(DIRECTORY_MAX_PORTS) + port;
    return directory(DIRECTORY_DROPS) + index * (REASONS_MAX * 8);
}

static inline void bump(size_t address, uint64_t by) {
    store64(address, load64(address) + by);
}

static inline void statistic(size_t block, enum statistic which) {
    bump(block + WORKER_STATISTICS + which, 1);
}

static inline void drop_received(uint32_t worker, uint32_t port, uint32_t reason, uint32_t frames) {
    bump(counters_of(worker, port) + RX_DROPS, frames);
    bump(drops_of(worker, port) + ((size_t)reason << 3), frames);
}

static inline void drop_transmitted(uint32_t worker, uint32_t port, uint32_t reason,
                                    uint32_t frames) {
    bump(counters_of(worker, port) + TX_DROPS, frames);
    bump(drops_of(worker, port) + ((size_t)reason << 3), frames);
}

static inline void count_transmitted(size_t counters, uint32_t frames, uint32_t octets) {
    bump(counters + TX_FRAMES, frames);
    bump(counters + TX_OCTETS, octets);
}

static inline void count_burst(size_t block, uint32_t frames) {
    size_t size = 31 - (size_t)__builtin_clz(frames | 1);
    bump(block + WORKER_STATISTICS + STATISTIC_BURSTS, 1);
    bump(block + WORKER_STATISTICS + STATISTIC_FRAMES, frames);
    bump(block + WORKER_STATISTICS + STATISTIC_BURST_SIZES + (size << 3), 1);
}

#endif
