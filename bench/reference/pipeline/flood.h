/* A flood list's runs of ports that take the same frames in the same form (assembly/flood.ts). */
#ifndef BENCH_PIPELINE_FLOOD_H
#define BENCH_PIPELINE_FLOOD_H

#include "config.h"
#include "unsupported.h"

enum {
    RUN_MEMBERS = 0,
    RUN_COUNT = 4,
    RUN_MTU = 8,
    RUN_FLAGS = 16,
    RUN_TAGGED = 20,
};

/* True if the port is a member of the domain. */
static inline bool is_member(size_t record, uint32_t fid) {
    if ((load32(record + PORT_FLAGS) & FLAG_VLAN_AWARE) != 0) {
        unsupported("a port of a VLAN-aware bridge");
    }
    return load32(record + PORT_FID) == fid;
}

/* True if a run has no port but the ingress. */
static inline bool is_nobody(size_t run, uint32_t ingress) {
    return load32(run + RUN_COUNT) <= 1 && load32(load32(run + RUN_MEMBERS)) == ingress;
}

#endif
