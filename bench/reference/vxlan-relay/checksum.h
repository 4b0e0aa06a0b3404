/* The internet checksum (RFC 1071) in the order of the octets as they lie: sums need no swapping.
 */
#ifndef BENCH_VXLAN_CHECKSUM_H
#define BENCH_VXLAN_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The sum of 64 KiB at most, not folded: halves of words in 32 bits cannot overflow, and the
 * compiler makes vectors of the loop.
 */
static inline uint32_t sum_of(const uint8_t *octets, size_t length) {
    uint32_t sum = 0, word;
    size_t at = 0;
    for (; at + 4 <= length; at += 4) {
        memcpy(&word, octets + at, 4);
        sum += (word & 0xffff) + (word >> 16);
    }
    if (at < length) {
        word = 0;
        memcpy(&word, octets + at, length - at);
        sum += (word & 0xffff) + (word >> 16);
    }
    return sum;
}

static inline uint16_t fold(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

#endif
