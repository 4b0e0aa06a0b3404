/* Where a frame goes (assembly/bridge/forward.ts). */
#ifndef BENCH_PIPELINE_FORWARD_H
#define BENCH_PIPELINE_FORWARD_H

#include "counter.h"
#include "entry.h"
#include "hash.h"
#include "wire.h"

#define VERDICT_FORWARD 0x10000u
#define VERDICT_FLOOD 0x20000u
#define VERDICT_DROP 0x30000u
#define VERDICT_KIND 0xffff0000u
#define VERDICT_DETAIL 0xffffu

static inline uint32_t decide_group(uint64_t mac, uint32_t control) {
    if (mac == BROADCAST) {
        return VERDICT_FLOOD | FLOOD_BROADCAST;
    }
    bool allowed = !is_reserved(mac) || ((control >> ((mac >> 40) & 31)) & 1) != 0;
    return allowed ? VERDICT_FLOOD | FLOOD_MULTICAST : VERDICT_DROP | RESERVED_DESTINATION;
}

/* A verdict: what to do in the upper half, with which port, kind of flood or reason in the lower.
 */
static inline uint32_t decide(size_t table, size_t bucket, uint64_t mac, uint32_t fid,
                              uint32_t port, uint32_t control, struct validity known) {
    if (is_group(mac)) {
        return decide_group(mac, control);
    }
    uint64_t key = key_of(mac, fid);
    size_t slot = find(table, bucket, key);
    if (slot == 0) {
        return VERDICT_FLOOD | FLOOD_UNKNOWN;
    }
    uint64_t value = value_of(slot);
    if (!holds(slot, key) || !is_valid(value, known)) {
        return VERDICT_FLOOD | FLOOD_UNKNOWN;
    }
    uint32_t destination = port_of(value);
    return destination == port ? VERDICT_DROP | SAME_PORT : VERDICT_FORWARD | destination;
}

#endif
