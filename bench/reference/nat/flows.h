/*
 * Flows by what their packets say as they come: a line for each direction, which has all that
 * becomes of such a packet, so that one cache line is all that a packet has to wait for. Open
 * addressing, lines half taken: nothing is ever removed here.
 */
#ifndef BENCH_NAT_FLOWS_H
#define BENCH_NAT_FLOWS_H

#include "../host.h"
#include "../pipeline/memory.h"

/* Where a line has what. Addresses, ports and MACs as loads of the wire's octets give them. */
enum line_field {
    CAME_ADDRESSES = 0,
    CAME_PORTS = 8,
    /* u32: the protocol, and TAKEN. */
    CAME_AS = 12,
    ADDRESSES = 16,
    PORTS = 24,
    FRAMES = 28,
    /* Both MACs, 12 octets. */
    MACS = 32,
    EGRESS = 44,
    SEEN = 48,
    /* u16 each: what the checksum of the IP header changes by, and that of the datagram. */
    IP_CHANGE = 52,
    DATAGRAM_CHANGE = 54,
    OCTETS = 56,
    LINE_SIZE = 64,
};
#define TAKEN 0x100u

struct flows {
    /* Where the lines begin in `linear`. */
    size_t lines;
    uint64_t mask;
};

/* As the module's: keyed, since whoever sends must not choose who meets whom. */
static inline uint64_t hash_of(uint64_t addresses, uint32_t ports, uint32_t protocol) {
    uint64_t x = (addresses ^ 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 32) ^ (ports | (uint64_t)protocol << 32)) * 0x94d049bb133111ebu;
    return x ^ (x >> 32);
}

static inline size_t line_at(struct flows flows, uint64_t hash) {
    return flows.lines + (hash & flows.mask) * LINE_SIZE;
}

/* The line of a tuple, whose search begins at `line`; 0 if there is none. */
static inline size_t find(struct flows flows, size_t line, uint64_t addresses, uint32_t ports,
                          uint32_t protocol) {
    while (true) {
        uint64_t there = load64(line), rest = load64(line + CAME_PORTS);
        if (there == addresses && rest == (ports | (uint64_t)(protocol | TAKEN) << 32)) {
            return line;
        }
        if ((rest >> 32) == 0) {
            return 0;
        }
        line = flows.lines + ((line - flows.lines + LINE_SIZE) & (flows.mask * LINE_SIZE));
    }
}

/* The line to be that of a tuple. */
static size_t add(struct flows flows, uint64_t addresses, uint32_t ports, uint32_t protocol) {
    size_t line = line_at(flows, hash_of(addresses, ports, protocol));
    while (load32(line + CAME_AS) != 0) {
        line = flows.lines + ((line - flows.lines + LINE_SIZE) & (flows.mask * LINE_SIZE));
    }
    store64(line + CAME_ADDRESSES, addresses);
    store32(line + CAME_PORTS, ports);
    store32(line + CAME_AS, protocol | TAKEN);
    return line;
}

/* Lines for that many flows, of which each has two: the least power of two that leaves half free.
 */
static uint64_t lines_for(uint64_t flows) {
    uint64_t lines = 64;
    while (lines < flows * 4) {
        lines *= 2;
    }
    return lines;
}

#endif
