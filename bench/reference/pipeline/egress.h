/* Out of the switch: to one port or to all of a domain (assembly/egress.ts). */
#ifndef BENCH_PIPELINE_EGRESS_H
#define BENCH_PIPELINE_EGRESS_H

#include "config.h"
#include "counter.h"
#include "offload.h"

static inline uint32_t refusal(uint32_t record, uint32_t fid, uint32_t needs, uint32_t length) {
    if ((load32(record + PORT_FLAGS) & PORT_FORWARDS) != PORT_FORWARDS) {
        return EGRESS_DOWN;
    }
    if (load32(record + PORT_FID) != fid) {
        return EGRESS_DOWN;
    }
    if (length > load32(record + PORT_MTU)) {
        return OVER_MTU;
    }
    return (needs & ~load32(record + PORT_OFFLOADS)) == 0 ? 0 : NEEDS_SEGMENTATION;
}

static inline bool send(uint32_t block, uint32_t frame, uint32_t count, uint32_t ports,
                        uint32_t port_count, uint32_t except) {
    uint32_t address = load32(frame + FRAME_ADDRESS);
    uint32_t length = load32(frame + FRAME_LENGTH) + VIRTIO_HEADER;
    return append(block, count, address - VIRTIO_HEADER, length, ports, port_count, except);
}

static uint32_t full(uint32_t worker, uint32_t frame, uint32_t count) {
    drop_received(worker, load16(frame + FRAME_PORT), TRANSMIT_LIST_FULL, 1);
    return count;
}

static inline uint32_t unicast(uint32_t worker, uint32_t block, uint32_t config, uint32_t frame,
                               uint32_t port, uint32_t count) {
    uint32_t record = port_record(config, port), needs = needs_of(frame);
    uint32_t why = refusal(record, load16(frame + FRAME_FID), needs, packet_length(frame));
    if (why != 0) {
        drop_transmitted(worker, port, why, 1);
        return count;
    }
    write_header(frame);
    uint32_t only = directory(DIRECTORY_IDENTITY) + (port << 2);
    if (!send(block, frame, count, only, 1, NO_PORT)) {
        return full(worker, frame, count);
    }
    count_transmitted(worker, port, load32(frame + FRAME_LENGTH));
    return count + 1;
}

static void count_members(uint32_t worker, uint32_t members, uint32_t member_count,
                          uint32_t ingress, uint32_t octets) {
    for (uint32_t index = 0; index < member_count; index++) {
        uint32_t port = load32(members + (index << 2));
        if (port != ingress) {
            count_transmitted(worker, port, octets);
        }
    }
}

/* Floods to the runs of members that can take the frame. */
static uint32_t flood_runs(uint32_t worker, uint32_t block, uint32_t config, uint32_t frame,
                           uint32_t domain, uint32_t needs, uint32_t length, uint32_t count) {
    uint32_t fid = load16(frame + FRAME_FID);
    uint32_t ingress = load16(frame + FRAME_PORT), octets = load32(frame + FRAME_LENGTH);
    uint32_t members = load32(domain + DOMAIN_MEMBERS);
    uint32_t member_count = load32(domain + DOMAIN_MEMBER_COUNT), start = 0;
    for (uint32_t index = 0; index <= member_count; index++) {
        if (index < member_count) {
            uint32_t port = load32(members + (index << 2));
            uint32_t why =
                port == ingress ? 0 : refusal(port_record(config, port), fid, needs, length);
            if (why == 0) {
                continue;
            }
            drop_transmitted(worker, port, why, 1);
        }
        uint32_t run = members + (start << 2);
        if (index > start) {
            if (!send(block, frame, count, run, index - start, ingress)) {
                return full(worker, frame, count);
            }
            count_members(worker, run, index - start, ingress, octets);
            count++;
        }
        start = index + 1;
    }
    return count;
}

static uint32_t flood(uint32_t worker, uint32_t block, uint32_t config, uint32_t frame,
                      uint32_t count) {
    uint32_t domain = domain_record(config, load16(frame + FRAME_FID));
    uint32_t ingress = load16(frame + FRAME_PORT);
    uint32_t members = load32(domain + DOMAIN_MEMBERS);
    uint32_t member_count = load32(domain + DOMAIN_MEMBER_COUNT);
    if (member_count < 2) {
        drop_received(worker, ingress, NO_DESTINATION, 1);
        return count;
    }
    uint32_t offloads = load32(domain + DOMAIN_OFFLOADS), length = packet_length(frame);
    uint32_t needs = needs_of(frame);
    write_header(frame);
    if (length > load32(domain + DOMAIN_MTU) || (needs & ~offloads) != 0) {
        return flood_runs(worker, block, config, frame, domain, needs, length, count);
    }
    if (!send(block, frame, count, members, member_count, ingress)) {
        return full(worker, frame, count);
    }
    count_members(worker, members, member_count, ingress, load32(frame + FRAME_LENGTH));
    return count + 1;
}

#endif
