/* A burst through the switch (assembly/pipeline.ts). */
#ifndef BENCH_PIPELINE_PROCESS_H
#define BENCH_PIPELINE_PROCESS_H

#include "egress.h"
#include "learn.h"

#define VERDICT_FORWARD 0x10000u
#define VERDICT_FLOOD 0x20000u
#define VERDICT_DROP 0x30000u
#define VERDICT_KIND 0xffff0000u
#define VERDICT_DETAIL 0xffffu

/* Where a frame goes (assembly/bridge/forward.ts). */
static inline uint32_t decide(uint32_t config, uint32_t bucket, uint64_t mac, uint32_t fid,
                              uint32_t port, uint32_t stamp) {
    if (is_group(mac)) {
        bool reserved = (mac & RESERVED_MASK) == RESERVED_MAC;
        return reserved ? VERDICT_DROP | RESERVED_DESTINATION : VERDICT_FLOOD;
    }
    uint64_t key = key_of(mac, fid);
    uint32_t slot = find(directory(DIRECTORY_FDB), bucket, key);
    if (slot == 0) {
        return VERDICT_FLOOD;
    }
    uint64_t value = value_of(slot);
    if (!holds(slot, key) || !in_force(config, fid, value, stamp)) {
        return VERDICT_FLOOD;
    }
    uint32_t destination = port_of(value);
    return destination == port ? VERDICT_DROP | SAME_PORT : VERDICT_FORWARD | destination;
}

/* Octets of a burst, as they were received. */
static uint64_t octets_of(uint32_t block, uint32_t count) {
    uint64_t octets = 0;
    for (uint32_t index = 0; index < count; index++) {
        octets += load32(block + WORKER_RECEIVED + (index << 3) + 4);
    }
    return octets;
}

/* The door, and a first reading of the FDB buckets, so that the misses of all frames overlap. */
static void receive(uint32_t worker, uint32_t block, uint32_t port, uint32_t fid, uint32_t count) {
    uint32_t table = directory(DIRECTORY_FDB), frame = block + WORKER_FRAMES;
    uint32_t from = block + WORKER_RECEIVED, second = second_line_of(table);
    uint64_t touched = 0;
    for (uint32_t index = 0; index < count; index++, from += 8, frame += FRAME_SIZE) {
        store64(frame + FRAME_ADDRESS, load64(from));
        store32(frame + FRAME_PORT, port | (fid << 16)); /* and FRAME_FID */
        uint32_t why = accept(frame);
        if (why != 0) {
            drop_received(worker, port, why, 1);
            store32(frame + FRAME_LENGTH, 0);
            continue;
        }
        uint32_t address = load32(frame + FRAME_ADDRESS);
        uint32_t source = bucket_of(table, key_of(source_of(address), fid));
        uint32_t destination = bucket_of(table, key_of(destination_of(address), fid));
        store32(frame + FRAME_SOURCE_BUCKET, source);
        store32(frame + FRAME_DESTINATION_BUCKET, destination);
        touched ^= touch(source, second) ^ touch(destination, second);
    }
    store64(block + WORKER_SCRATCH, touched);
}

/* Learns, decides and acts, frame by frame. */
static uint32_t bridge(uint32_t worker, uint32_t block, uint32_t config, uint32_t port,
                       uint32_t fid, uint32_t count, double now) {
    uint32_t stamp = stamp_of(now), entries = 0, frame = block + WORKER_FRAMES;
    uint64_t value = seen(port, fid, now), last = UINT64_MAX;
    for (uint32_t index = 0; index < count; index++, frame += FRAME_SIZE) {
        if (load32(frame + FRAME_LENGTH) == 0) {
            continue;
        }
        uint32_t address = load32(frame + FRAME_ADDRESS);
        uint64_t source = source_of(address);
        if (source != last) {
            if (is_group(source) || source == 0) {
                drop_received(worker, port, SOURCE_INVALID, 1);
                continue;
            }
            uint32_t bucket = load32(frame + FRAME_SOURCE_BUCKET);
            if (learn(worker, block, config, bucket, key_of(source, fid), value, now)) {
                last = source;
            }
        }
        uint32_t bucket = load32(frame + FRAME_DESTINATION_BUCKET);
        uint32_t verdict = decide(config, bucket, destination_of(address), fid, port, stamp);
        uint32_t detail = verdict & VERDICT_DETAIL;
        if ((verdict & VERDICT_KIND) == VERDICT_FORWARD) {
            entries = unicast(worker, block, config, frame, detail, entries);
        } else if ((verdict & VERDICT_KIND) == VERDICT_FLOOD) {
            entries = flood(worker, block, config, frame, entries);
        } else {
            drop_received(worker, port, detail, 1);
        }
    }
    return entries;
}

/* Not inlined into the loop that measures: the module's export is a call too. */
static __attribute__((noinline)) uint32_t process(uint32_t worker, uint32_t port, uint32_t count,
                                                  double now) {
    uint32_t block = worker_block(worker), config = latch(block);
    count = count < BURST_MAX ? count : BURST_MAX;
    uint32_t record = port_record(config, port), fid = load32(record + PORT_FID);
    uint32_t counters = counters_of(worker, port);
    bump(counters + RX_FRAMES, count);
    bump(counters + RX_OCTETS, octets_of(block, count));
    count_burst(block, count);
    if ((load32(record + PORT_FLAGS) & PORT_FORWARDS) != PORT_FORWARDS) {
        drop_received(worker, port, PORT_DOWN, count);
        return 0;
    }
    receive(worker, block, port, fid, count);
    return bridge(worker, block, config, port, fid, count, now);
}

#endif
