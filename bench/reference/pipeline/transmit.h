/* An entry of the transmit list (assembly/transmit.ts). */
#ifndef BENCH_PIPELINE_TRANSMIT_H
#define BENCH_PIPELINE_TRANSMIT_H

#include "memory.h"

enum { TRANSMIT_SIZE = 32 };
#define NO_PORT 0xffffffffu

/* Writes entry `count`, for which there is room, of octets that lie in one piece. */
static inline void put(size_t block, uint32_t count, size_t head, uint32_t length, size_t ports,
                       uint32_t port_count, uint32_t except) {
    size_t entry = block + WORKER_TRANSMIT + (size_t)count * TRANSMIT_SIZE;
    store64(entry, head | ((uint64_t)length << 32));
    store64(entry + 8, 0);
    store64(entry + 16, ports | ((uint64_t)port_count << 32));
    store32(entry + 24, except);
}

static inline bool append(size_t block, uint32_t count, size_t head, uint32_t length, size_t ports,
                          uint32_t port_count, uint32_t except) {
    if (count >= TRANSMIT_MAX) {
        return false;
    }
    put(block, count, head, length, ports, port_count, except);
    return true;
}

/* A list of `port` alone. */
static inline size_t only(uint32_t port) {
    return directory(DIRECTORY_IDENTITY) + ((size_t)port << 2);
}

#endif
