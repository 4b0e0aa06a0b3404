/*
 * The door and the way out (assembly/offload/) for frames that ask for neither a checksum nor
 * segmentation: what is measured has no others. The questions are asked all the same.
 */
#ifndef BENCH_PIPELINE_OFFLOAD_H
#define BENCH_PIPELINE_OFFLOAD_H

#include "counter.h"
#include "frame.h"
#include "unsupported.h"
#include "wire.h"

/* 0, or why the frame is dropped. */
static inline uint32_t accept(size_t address, uint32_t length) {
    if (length - ETHERNET_HEADER > FRAME_MAX - ETHERNET_HEADER) {
        return length > FRAME_MAX ? LONG_FRAME : SHORT_FRAME;
    }
    if (load16(address - VIRTIO_HEADER) != 0) {
        unsupported("a frame asks for an offload");
    }
    return 0;
}

/* Checksum, GSO type and size: what a frame needs a device's offloads for. */
static inline bool asks_nothing(size_t frame) {
    return load32(frame + FRAME_CHECKSUM) == 0;
}

static inline void must_ask_nothing(size_t frame) {
    if (!asks_nothing(frame)) {
        unsupported("a frame asks for an offload");
    }
}

/* Octets that an MTU bounds. */
static inline uint32_t packet_length(size_t frame) {
    uint32_t length = load32(frame + FRAME_LENGTH);
    must_ask_nothing(frame);
    return length - header_length(load32(frame + FRAME_ADDRESS), length);
}

#endif
