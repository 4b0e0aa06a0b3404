/* Out of the switch: to one port or to all of a domain (assembly/egress/). */
#ifndef BENCH_PIPELINE_EGRESS_H
#define BENCH_PIPELINE_EGRESS_H

#include "flood.h"
#include "offload.h"
#include "transmit.h"

/* What keeps a port off the short way. */
enum { FLAG_SPECIAL = FLAG_FORWARDS | FLAG_EGRESS | FLAG_VLAN_AWARE | FLAG_MIRROR_TARGET };

/* What of a burst a frame for one port needs. */
struct burst {
    uint32_t worker;
    size_t block, config;
    /* Counters of port 0, and the list of port 0 alone. */
    size_t counters, identity;
    /* FLAG_ISOLATED if the ingress is isolated, else 0. */
    uint32_t isolation;
};

static uint32_t full(uint32_t worker, size_t frame, uint32_t count) {
    store8(frame + FRAME_DROP, TRANSMIT_LIST_FULL);
    drop_received(worker, load16(frame + FRAME_PORT), TRANSMIT_LIST_FULL, 1);
    return count;
}

static inline void count_all(uint32_t worker, size_t ports, uint32_t port_count, uint32_t except,
                             uint32_t octets) {
    size_t counters = counters_of(worker, 0);
    for (uint32_t index = 0; index < port_count; index++) {
        uint32_t port = load32(ports + ((size_t)index << 2));
        if (port != except) {
            count_transmitted(counters + (size_t)port * COUNTERS_SIZE, 1, octets);
        }
    }
}

/* Appends an entry for all of the ports but `except`, and counts what is sent. */
static uint32_t deliver(uint32_t worker, size_t block, size_t frame, uint32_t count, size_t ports,
                        uint32_t port_count, uint32_t except) {
    size_t address = load32(frame + FRAME_ADDRESS);
    uint32_t length = load32(frame + FRAME_LENGTH);
    must_ask_nothing(frame);
    clear(address);
    if (!append(block, count, address - VIRTIO_HEADER, length + VIRTIO_HEADER, ports, port_count,
                except)) {
        return full(worker, frame, count);
    }
    count_all(worker, ports, port_count, except, length);
    return count + 1;
}

/* Why the port cannot take or may not have the frame: 0, or a drop reason. */
static inline uint32_t refusal(size_t record, size_t frame, uint32_t isolation) {
    uint32_t flags = load32(record + PORT_FLAGS);
    if ((flags & FLAG_FORWARDS) != FLAG_FORWARDS) {
        return EGRESS_DOWN;
    }
    if ((flags & FLAG_MIRROR_TARGET) != 0) {
        unsupported("a port that is the target of a mirror");
    }
    if (!is_member(record, load16(frame + FRAME_FID))) {
        return EGRESS_DOWN;
    }
    if ((flags & isolation) != 0) {
        unsupported("a frame between isolated ports");
    }
    return packet_length(frame) > load32(record + PORT_MTU) ? OVER_MTU : 0;
}

/* Any frame to any port. */
static __attribute__((noinline)) uint32_t unicast_special(uint32_t worker, size_t block,
                                                          size_t frame, uint32_t port,
                                                          uint32_t isolation, uint32_t count) {
    size_t record = port_record(latched(block), port);
    uint32_t why = refusal(record, frame, isolation);
    if (why != 0) {
        drop_transmitted(worker, port, why, 1);
        return count;
    }
    if ((load32(record + PORT_FLAGS) & FLAG_EGRESS) != 0) {
        unsupported("a port whose frames are policed or mirrored");
    }
    return deliver(worker, block, frame, count, only(port), 1, NO_PORT);
}

static inline uint32_t unicast(const struct burst *burst, size_t frame, uint32_t port,
                               uint32_t count) {
    size_t record = port_record(burst->config, port);
    uint32_t length = load32(frame + FRAME_LENGTH);
    bool plain = (load32(record + PORT_FLAGS) & (FLAG_SPECIAL | burst->isolation)) == FLAG_FORWARDS;
    bool fits = length <= load32(record + PORT_MTU) + ETHERNET_HEADER;
    bool member = load32(record + PORT_FID) == load16(frame + FRAME_FID);
    if (!plain || !fits || !asks_nothing(frame) || !member) {
        return unicast_special(burst->worker, burst->block, frame, port, burst->isolation, count);
    }
    size_t address = load32(frame + FRAME_ADDRESS), own = burst->identity + ((size_t)port << 2);
    clear(address);
    put(burst->block, count, address - VIRTIO_HEADER, length + VIRTIO_HEADER, own, 1, NO_PORT);
    count_transmitted(burst->counters + (size_t)port * COUNTERS_SIZE, 1, length);
    return count + 1;
}

static void drop_all(uint32_t worker, size_t members, uint32_t port_count, uint32_t ingress,
                     uint32_t why) {
    for (uint32_t index = 0; index < port_count; index++) {
        uint32_t port = load32(members + ((size_t)index << 2));
        if (port != ingress) {
            drop_transmitted(worker, port, why, 1);
        }
    }
}

static inline uint32_t flood_run(const struct burst *burst, size_t frame, size_t run,
                                 uint32_t ingress, uint32_t count) {
    size_t members = load32(run + RUN_MEMBERS);
    uint32_t port_count = load32(run + RUN_COUNT);
    size_t record = port_record(burst->config, load32(members));
    if ((load32(record + PORT_FLAGS) & FLAG_VLAN_AWARE) != 0 || load32(run + RUN_TAGGED) != 0) {
        unsupported("a port of a VLAN-aware bridge");
    }
    if (packet_length(frame) > load32(run + RUN_MTU)) {
        drop_all(burst->worker, members, port_count, ingress, OVER_MTU);
        return count;
    }
    if ((load32(run + RUN_FLAGS) & FLAG_EGRESS) != 0) {
        unsupported("a port whose frames are policed or mirrored");
    }
    return deliver(burst->worker, burst->block, frame, count, members, port_count, ingress);
}

static __attribute__((noinline)) uint32_t flood(const struct burst *burst, size_t frame,
                                                uint32_t kind, uint32_t count) {
    size_t domain = domain_record(burst->config, load16(frame + FRAME_FID));
    size_t runs = domain + DOMAIN_RUNS + ((size_t)kind << 3), first = load32(runs);
    size_t end = first + (size_t)load32(runs + 4) * RUN_SIZE;
    uint32_t ingress = load16(frame + FRAME_PORT);
    bool reached = false;
    must_ask_nothing(frame);
    for (size_t run = first; run < end; run += RUN_SIZE) {
        if ((load32(run + RUN_FLAGS) & burst->isolation) != 0) {
            unsupported("a frame between isolated ports");
        }
        if (is_nobody(run, ingress)) {
            continue;
        }
        reached = true;
        if (count >= TRANSMIT_MAX || load32(burst->block + WORKER_HEADS_USED) > HEADS_SIZE) {
            unsupported("a flood that finds no room");
        }
        count = flood_run(burst, frame, run, ingress, count);
    }
    if (!reached) {
        store8(frame + FRAME_DROP, NO_DESTINATION);
        drop_received(burst->worker, ingress, NO_DESTINATION, 1);
    }
    return count;
}

#endif
