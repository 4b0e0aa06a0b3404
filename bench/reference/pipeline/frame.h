/* The descriptor of a frame in flight (assembly/frame.ts) and an entry of the transmit list. */
#ifndef BENCH_PIPELINE_FRAME_H
#define BENCH_PIPELINE_FRAME_H

#include "memory.h"

enum {
    FRAME_ADDRESS = 0,
    FRAME_LENGTH = 4,
    FRAME_PORT = 8,
    FRAME_FID = 10,
    FRAME_CHECKSUM = 20,
    FRAME_GSO_TYPE = 21,
    FRAME_SOURCE_BUCKET = 32,
    FRAME_DESTINATION_BUCKET = 36,
    FRAME_SIZE = 64,
    FRAME_MAX = 14 + 18 + 40 + 65535,
};

enum { TRANSMIT_SIZE = 32 };
#define NO_PORT 0xffffffffu

static inline bool append(uint32_t block, uint32_t count, uint32_t head, uint32_t length,
                          uint32_t ports, uint32_t port_count, uint32_t except) {
    if (count >= TRANSMIT_MAX) {
        return false;
    }
    uint32_t entry = block + WORKER_TRANSMIT + count * TRANSMIT_SIZE;
    store32(entry, head);
    store32(entry + 4, length);
    store64(entry + 8, 0);
    store32(entry + 16, ports);
    store32(entry + 20, port_count);
    store32(entry + 24, except);
    return true;
}

#endif
