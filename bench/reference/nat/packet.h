/* A datagram over IPv4 in an Ethernet frame: what must be asked of it, and what is changed in it.
 */
#ifndef BENCH_NAT_PACKET_H
#define BENCH_NAT_PACKET_H

#include "../pipeline/memory.h"
#include "flows.h"

enum { L3 = 14, L4 = L3 + 20, UDP_HEADER = 8, UDP_CHECKSUM = L4 + 6, UDP = 17 };
enum { TYPE_IPV4 = 0x0008, PLAIN = 0x45, FRAGMENT = 0xff3f };
/* One hop less, in the word of TTL and protocol: m' - m (RFC 1624 equation 3). */
#define AGED 0xfffeu

static inline uint32_t fold(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

static inline uint64_t sum_of(uint64_t words) {
    return (words & 0xffffffff) + (words >> 32);
}

/* A checksum after a change of what it covers. */
static inline uint32_t updated(uint32_t checksum, uint32_t change) {
    uint32_t sum = (~checksum & 0xffff) + change;
    return ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
}

/* True for a frame of `length` octets to `mac` with a whole and sound datagram that has a hop left.
 */
static inline bool is_sound(size_t frame, uint32_t length, uint64_t mac) {
    size_t packet = frame + L3;
    uint64_t first = load64(packet), second = load64(packet + 8);
    uint32_t total = __builtin_bswap16((uint16_t)(first >> 16)), available = total - 20;
    if ((load64(frame) & 0xffffffffffff) != mac || load16(frame + 12) != TYPE_IPV4) {
        return false;
    }
    if (length < L4 + UDP_HEADER || total > length - L3 || total < 20 + UDP_HEADER) {
        return false;
    }
    if ((first & 0xff) != PLAIN || ((first >> 48) & FRAGMENT) != 0) {
        return false;
    }
    if ((second & 0xff) <= 1 || ((second >> 8) & 0xff) != UDP) {
        return false;
    }
    uint32_t datagram = __builtin_bswap16(load16(frame + L4 + 4));
    if (datagram < UDP_HEADER || datagram > available) {
        return false;
    }
    return fold(sum_of(first) + sum_of(second) + load32(packet + 16)) == 0xffff;
}

/* What a checksum changes by when words whose sum was `from` become words whose sum is `to`. */
static inline uint32_t difference(uint64_t from, uint64_t to) {
    return fold((uint64_t)fold(to) + (~fold(from) & 0xffff));
}

/* Makes of a packet what its flow's line says. */
static inline void translate(size_t frame, size_t line) {
    size_t packet = frame + L3;
    uint32_t had = load16(frame + UDP_CHECKSUM);
    store64(frame, load64(line + MACS));
    store32(frame + 8, load32(line + MACS + 8));
    store16(packet + 10, (uint16_t)updated(load16(packet + 10), load16(line + IP_CHANGE)));
    store8(packet + 8, (uint8_t)(load8(packet + 8) - 1));
    store64(packet + 12, load64(line + ADDRESSES));
    store32(frame + L4, load32(line + PORTS));
    if (had != 0) {
        uint32_t then = updated(had, load16(line + DATAGRAM_CHANGE));
        store16(frame + UDP_CHECKSUM, then == 0 ? 0xffff : (uint16_t)then);
    }
}

#endif
