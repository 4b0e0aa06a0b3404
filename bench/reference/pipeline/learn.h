/* Learning (assembly/bridge/learn.ts). */
#ifndef BENCH_PIPELINE_LEARN_H
#define BENCH_PIPELINE_LEARN_H

#include "change.h"
#include "counter.h"
#include "entry.h"
#include "event.h"

/* What became of a source: LEARNT_DONE, LEARNT_LATER, or a drop reason. */
enum { LEARNT_DONE = 0, LEARNT_LATER = 0x10000 };

static inline uint32_t owner_of(uint32_t worker, size_t block) {
    return ((worker + 1) << 24) | (load32(block + WORKER_INCARNATION) & 0xffffff);
}

static inline uint64_t seen(uint32_t port, uint32_t flags, uint32_t fid, double now) {
    if ((flags & FLAG_STICKY_PORT) != 0) {
        unsupported("a sticky port");
    }
    return value_for(port, 0, generation_of(port, fid), stamp_of(now));
}

/* A port may have as many addresses as there are. */
static inline void must_be_unlimited(size_t config, uint32_t port) {
    if ((load32(port_record(config, port) + PORT_FLAGS) & FLAG_MAC_LIMIT) != 0) {
        unsupported("a port with a limit of MACs");
    }
}

static uint32_t add(uint32_t worker, size_t block, uint64_t key, uint64_t value) {
    enum change outcome = insert(directory(DIRECTORY_FDB), key, value, owner_of(worker, block));
    if (outcome != CHANGE_DONE) {
        statistic(block, STATISTIC_UNLEARNED);
        return LEARNT_LATER;
    }
    atomic_add32(shared_of_port(port_of(value)) + SHARED_ENTRIES, 1);
    statistic(block, STATISTIC_LEARNED);
    return LEARNT_DONE;
}

/* The address left another port, or its entry was void. */
static uint32_t move(uint32_t worker, size_t block, size_t config, uint64_t key, uint64_t old,
                     uint64_t value, double now) {
    uint32_t fid = fid_of(key), port = port_of(value);
    bool elsewhere = port_of(old) != port;
    bool moved = elsewhere && in_force(config, fid, old, stamp_of(now));
    if (moved && is_sticky(old)) {
        unsupported("a sticky address");
    }
    if (elsewhere) {
        must_be_unlimited(config, port);
    }
    uint32_t owner = owner_of(worker, block);
    if (replace(directory(DIRECTORY_FDB), key, old, value, owner) != CHANGE_DONE) {
        statistic(block, STATISTIC_UNLEARNED);
        return LEARNT_LATER;
    }
    atomic_add32(shared_of_port(port_of(old)) + SHARED_ENTRIES, (uint32_t)-1);
    atomic_add32(shared_of_port(port) + SHARED_ENTRIES, 1);
    if (!moved) {
        statistic(block, STATISTIC_LEARNED);
        return LEARNT_DONE;
    }
    statistic(block, STATISTIC_MOVED);
    emit(block, EVENT_MOVED, port, fid, port_of(old), key >> 16, now);
    return LEARNT_DONE;
}

/* The frame's source has a static entry. */
static uint32_t verify(size_t block, uint64_t key, uint64_t value, uint64_t old, double now) {
    if (port_of(old) == port_of(value)) {
        return LEARNT_DONE;
    }
    statistic(block, STATISTIC_STATIC_VIOLATED);
    emit(block, EVENT_STATIC_VIOLATED, port_of(value), fid_of(key), port_of(old), key >> 16, now);
    return LEARNT_LATER;
}

static __attribute__((noinline)) uint32_t update(uint32_t worker, size_t block, size_t config,
                                                 uint64_t key, uint64_t value, size_t slot,
                                                 double now) {
    if (slot == 0) {
        must_be_unlimited(config, port_of(value));
        return add(worker, block, key, value);
    }
    uint64_t old = value_of(slot);
    if (!holds(slot, key)) {
        return LEARNT_LATER;
    }
    if (is_static(old)) {
        return verify(block, key, value, old, now);
    }
    uint64_t changed = old ^ value;
    if ((uint32_t)changed == 0 && ((uint32_t)(changed >> 32) & 0xff) == 0) {
        atomic_exchange64(slot + VALUE, old, value);
        return LEARNT_DONE;
    }
    return move(worker, block, config, key, old, value, now);
}

static inline uint32_t learn(uint32_t worker, size_t block, size_t config, size_t table,
                             size_t bucket, uint64_t key, uint64_t value, double now) {
    size_t slot = find(table, bucket, key);
    if (slot != 0 && load64(slot + VALUE) == value) {
        return LEARNT_DONE;
    }
    return update(worker, block, config, key, value, slot, now);
}

#endif
