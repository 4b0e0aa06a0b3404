/* Ethernet and virtio-net headers (assembly/wire/). */
#ifndef BENCH_PIPELINE_WIRE_H
#define BENCH_PIPELINE_WIRE_H

#include "memory.h"

#define MAC_MASK 0xffffffffffffull
#define BROADCAST MAC_MASK
#define RESERVED_MAC 0x000000c28001ull
#define RESERVED_MASK 0xf0ffffffffffull
enum { ETHERNET_HEADER = 14, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8, VIRTIO_HEADER = 12 };

static inline uint32_t ether_type_at(size_t address) {
    return __builtin_bswap16(load16(address));
}

static inline uint64_t destination_of(size_t frame) {
    return load64(frame) & MAC_MASK;
}

static inline uint64_t source_of(size_t frame) {
    return load64(frame + 6) & MAC_MASK;
}

static inline bool is_group(uint64_t mac) {
    return (mac & 1) != 0;
}

static inline bool is_reserved(uint64_t mac) {
    return (mac & RESERVED_MASK) == RESERVED_MAC;
}

static inline bool is_tag(uint32_t ether_type) {
    return ether_type == TYPE_VLAN || ether_type == TYPE_QINQ;
}

/* Octets before the network header: 14, and 4 for each of at most two tags. */
static inline uint32_t header_length(size_t frame, uint32_t length) {
    if (!is_tag(ether_type_at(frame + 12)) || length < 18) {
        return ETHERNET_HEADER;
    }
    return is_tag(ether_type_at(frame + 16)) && length >= 22 ? 22 : 18;
}

/* Writes a virtio-net header that asks for nothing. */
static inline void clear(size_t frame) {
    memset(linear + frame - VIRTIO_HEADER, 0, VIRTIO_HEADER);
}

#endif
