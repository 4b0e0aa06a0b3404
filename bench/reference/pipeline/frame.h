/* The descriptor of a frame in flight (assembly/frame.ts). */
#ifndef BENCH_PIPELINE_FRAME_H
#define BENCH_PIPELINE_FRAME_H

#include "memory.h"

enum {
    FRAME_ADDRESS = 0,
    FRAME_LENGTH = 4,
    FRAME_PORT = 8,
    FRAME_FID = 10,
    FRAME_ETHER_TYPE = 16,
    FRAME_CHECKSUM = 20,
    FRAME_DROP = 27,
    FRAME_SOURCE_BUCKET = 32,
    FRAME_DESTINATION_BUCKET = 36,
    FRAME_SIZE = 64,
    FRAME_MAX = 14 + 18 + 40 + 65535,
};

#endif
