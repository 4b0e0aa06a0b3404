/* A burst through the switch (assembly/pipeline.ts). */
#ifndef BENCH_PIPELINE_PROCESS_H
#define BENCH_PIPELINE_PROCESS_H

#include "egress.h"
#include "forward.h"
#include "learn.h"

/* Set in what `process` and `resume` return when the burst is not done. */
#define MORE 0x80000000u

/* Starts a descriptor: address and length, ingress and domain, and no more known. */
static inline void begin(size_t frame, uint64_t received, uint32_t ingress) {
    store64(frame + FRAME_ADDRESS, received);
    store32(frame + FRAME_PORT, ingress); /* and FRAME_FID */
    memset(linear + frame + FRAME_ETHER_TYPE, 0, 16);
}

static void drop(uint32_t worker, uint32_t port, size_t frame, uint32_t why) {
    store8(frame + FRAME_DROP, (uint8_t)why);
    drop_received(worker, port, why, 1);
}

/* Drops all frames of a burst; returns their octets. */
static uint64_t refuse(uint32_t worker, size_t block, uint32_t port, uint32_t count, uint32_t why) {
    uint64_t octets = 0;
    size_t frame = block + WORKER_FRAMES, from = block + WORKER_RECEIVED;
    for (uint32_t index = 0; index < count; index++, from += 8, frame += FRAME_SIZE) {
        uint64_t received = load64(from);
        octets += received >> 32;
        begin(frame, received, port);
        drop(worker, port, frame, why);
    }
    return octets;
}

/* The door. Returns the octets of the burst, as they were received. */
static uint64_t receive(uint32_t worker, size_t block, uint32_t port, size_t record,
                        uint32_t count) {
    uint32_t ingress = port | (load32(record + PORT_FID) << 16);
    uint64_t octets = 0;
    size_t frame = block + WORKER_FRAMES, from = block + WORKER_RECEIVED;
    if ((load32(record + PORT_FLAGS) & FLAG_DOOR) != 0) {
        unsupported("a port whose policy looks at what comes in");
    }
    for (uint32_t index = 0; index < count; index++, from += 8, frame += FRAME_SIZE) {
        uint64_t received = load64(from);
        size_t address = (uint32_t)received;
        uint32_t length = (uint32_t)(received >> 32);
        octets += length;
        begin(frame, received, ingress);
        uint32_t why = accept(address, length);
        if (why != 0) {
            drop(worker, port, frame, why);
        }
    }
    return octets;
}

/* Frames that are read ahead at once. */
#define AHEAD 64

/*
 * Notes the FDB buckets of both addresses, then reads them: a loop that does nothing else has as
 * many misses under way as the processor can (assembly/bridge/approach.ts).
 */
static void approach(size_t frame, size_t end) {
    size_t table = directory(DIRECTORY_FDB), second = second_line_of(table);
    struct head head = read_head(table);
    for (size_t at = frame; at < end; at += FRAME_SIZE) {
        size_t address = load32(at + FRAME_ADDRESS);
        uint32_t fid = load16(at + FRAME_FID);
        size_t source = bucket_by(key_of(source_of(address), fid), head);
        size_t destination = bucket_by(key_of(destination_of(address), fid), head);
        /* and FRAME_DESTINATION_BUCKET */
        store64(at + FRAME_SOURCE_BUCKET, source | (uint64_t)destination << 32);
    }
    for (size_t at = frame; at < end; at += FRAME_SIZE) {
        size_t source = load32(at + FRAME_SOURCE_BUCKET);
        size_t destination = load32(at + FRAME_DESTINATION_BUCKET);
        touch(source);
        touch(destination);
        if (second != 0) {
            touch(source + second);
            touch(destination + second);
        }
    }
}

/* Sees to it that the buckets of frame `index` of a burst of `count` were read. */
static inline void read_ahead(size_t block, uint32_t index, uint32_t count) {
    if (index < load32(block + WORKER_AHEAD)) {
        return;
    }
    uint32_t ahead = index + AHEAD < count ? index + AHEAD : count;
    size_t frames = block + WORKER_FRAMES;
    approach(frames + (size_t)index * FRAME_SIZE, frames + (size_t)ahead * FRAME_SIZE);
    store32(block + WORKER_AHEAD, ahead);
}

/* What the module asks of a port's policy frame by frame; the answer is the same for all of them.
 */
static inline void must_have_no_policy(uint32_t flags) {
    if ((flags & FLAG_MIRROR_RECEIVE) != 0) {
        unsupported("a port that is mirrored");
    }
    if ((flags & (FLAG_NO_LEARNING | FLAG_LOCKED)) != 0) {
        unsupported("a port that learns nothing");
    }
    if ((flags & FLAG_STORM) != 0) {
        unsupported("a port with storm control");
    }
}

/* True when so little room is left that the next frame might not fit. */
static inline bool is_cramped(size_t block, uint32_t entries) {
    if (entries > TRANSMIT_MAX - ENTRIES_RESERVE) {
        return true;
    }
    return load32(block + WORKER_HEADS_USED) > HEADS_SIZE - HEADS_RESERVE;
}

/* Learns, decides and acts, frame by frame, until the burst ends or the list is nearly full. */
static uint32_t bridge(uint32_t worker, size_t block, size_t config, uint32_t first, uint32_t count,
                       double now) {
    uint32_t port = load32(block + WORKER_PORT);
    size_t record = port_record(config, port), table = directory(DIRECTORY_FDB);
    uint32_t flags = load32(record + PORT_FLAGS), control = load32(record + PORT_CONTROL_FRAMES);
    struct validity known = {.stamp = stamp_of(now)};
    struct burst burst = {
        .worker = worker,
        .block = block,
        .config = config,
        .counters = counters_of(worker, 0),
        .identity = directory(DIRECTORY_IDENTITY),
        .isolation = flags & FLAG_ISOLATED,
    };
    uint32_t fid = UINT32_MAX, entries = 0, index = first;
    uint64_t value = 0, last = UINT64_MAX;
    size_t frame = block + WORKER_FRAMES + (size_t)first * FRAME_SIZE;
    must_have_no_policy(flags);
    for (; index < count; index++, frame += FRAME_SIZE) {
        read_ahead(block, index, count);
        if (load8(frame + FRAME_DROP) != 0) {
            continue;
        }
        if (is_cramped(block, entries)) {
            break;
        }
        size_t address = load32(frame + FRAME_ADDRESS);
        uint32_t domain = load16(frame + FRAME_FID);
        if (domain != fid) {
            fid = domain;
            value = seen(port, flags, fid, now);
            known = validity_of(config, fid, known.stamp);
        }
        uint64_t source = source_of(address), key = key_of(source, fid);
        if (key != last) {
            if (is_group(source) || source == 0) {
                drop(worker, port, frame, SOURCE_INVALID);
                continue;
            }
            size_t bucket = load32(frame + FRAME_SOURCE_BUCKET);
            if (learn(worker, block, config, table, bucket, key, value, now) == LEARNT_DONE) {
                last = key;
            }
        }
        size_t bucket = load32(frame + FRAME_DESTINATION_BUCKET);
        uint64_t mac = destination_of(address);
        uint32_t verdict = decide(table, bucket, mac, fid, port, control, known);
        uint32_t detail = verdict & VERDICT_DETAIL;
        if ((verdict & VERDICT_KIND) == VERDICT_FORWARD) {
            entries = unicast(&burst, frame, detail, entries);
        } else if ((verdict & VERDICT_KIND) == VERDICT_FLOOD) {
            entries = flood(&burst, frame, detail, entries);
        } else {
            drop(worker, port, frame, detail);
        }
    }
    store32(block + WORKER_NEXT, index);
    return entries;
}

static uint32_t handle(uint32_t worker, size_t block, double now) {
    uint32_t first = load32(block + WORKER_NEXT), count = load32(block + WORKER_COUNT);
    store32(block + WORKER_HEADS_USED, 0);
    store_double(block + WORKER_NOW, now);
    store32(block + WORKER_AHEAD, 0);
    uint32_t entries = bridge(worker, block, latched(block), first, count, now);
    if (load32(DIRECTORY + DIRECTORY_CAPTURING) != 0) {
        unsupported("a capture");
    }
    return load32(block + WORKER_NEXT) < count ? entries | MORE : entries;
}

/* Not inlined into the loop that measures: the module's export is a call too. */
static __attribute__((noinline)) uint32_t process(uint32_t worker, uint32_t port, uint32_t count,
                                                  double now) {
    size_t block = worker_block(worker), config = latch(block);
    count = count < BURST_MAX ? count : BURST_MAX;
    size_t record = port_record(config, port);
    uint32_t flags = load32(record + PORT_FLAGS);
    store32(block + WORKER_NEXT, 0);
    store32(block + WORKER_COUNT, count);
    store32(block + WORKER_PORT, port);
    store32(block + WORKER_IN_HAND, count);
    store32(block + WORKER_DETOURS, UINT32_MAX); /* no router here: all go the other ways */
    count_burst(block, count);
    uint64_t octets;
    if ((flags & FLAG_FORWARDS) != FLAG_FORWARDS) {
        octets = refuse(worker, block, port, count, PORT_DOWN);
    } else if ((flags & FLAG_MIRROR_TARGET) != 0) {
        unsupported("a port that is the target of a mirror");
    } else {
        octets = receive(worker, block, port, record, count);
    }
    size_t counters = counters_of(worker, port);
    bump(counters + RX_FRAMES, count);
    bump(counters + RX_OCTETS, octets);
    return handle(worker, block, now);
}

/* Goes on with the burst that `process` did not finish; returns as it does. */
static __attribute__((noinline)) uint32_t resume(uint32_t worker, double now) {
    return handle(worker, worker_block(worker), now);
}

#endif
