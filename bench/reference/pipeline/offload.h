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
static inline uint32_t accept(uint32_t frame) {
    uint32_t length = load32(frame + FRAME_LENGTH);
    if (length < ETHERNET_HEADER) {
        return SHORT_FRAME;
    }
    if (length > FRAME_MAX) {
        return LONG_FRAME;
    }
    uint32_t request = load16(load32(frame + FRAME_ADDRESS) - VIRTIO_HEADER);
    store32(frame + FRAME_CHECKSUM, 0);
    if (request != 0) {
        unsupported("a frame asks for an offload");
    }
    return 0;
}

/* The offloads without which a device cannot take the frame. */
static inline uint32_t needs_of(uint32_t frame) {
    if (load32(frame + FRAME_CHECKSUM) != 0) {
        unsupported("a frame asks for an offload");
    }
    return 0;
}

/* Octets that an MTU bounds. */
static inline uint32_t packet_length(uint32_t frame) {
    uint32_t address = load32(frame + FRAME_ADDRESS), length = load32(frame + FRAME_LENGTH);
    if (load8(frame + FRAME_GSO_TYPE) != 0) {
        unsupported("a frame asks for an offload");
    }
    return length - header_length(address, length);
}

static inline void write_header(uint32_t frame) {
    uint32_t address = load32(frame + FRAME_ADDRESS);
    if (load8(frame + FRAME_CHECKSUM) != 0) {
        unsupported("a frame asks for an offload");
    }
    store64(address - VIRTIO_HEADER, 0);
    store32(address - VIRTIO_HEADER + 8, 0);
}

#endif
