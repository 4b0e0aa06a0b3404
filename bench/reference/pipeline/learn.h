/* Learning (assembly/bridge/learn.ts). */
#ifndef BENCH_PIPELINE_LEARN_H
#define BENCH_PIPELINE_LEARN_H

#include "change.h"
#include "counter.h"
#include "entry.h"
#include "event.h"

static inline uint32_t owner_of(uint32_t worker, uint32_t block) {
    return ((worker + 1) << 24) | (load32(block + WORKER_INCARNATION) & 0xffffff);
}

static inline uint64_t seen(uint32_t port, uint32_t fid, double now) {
    return value_for(port, 0, generation_of(port, fid), stamp_of(now));
}

static bool add(uint32_t worker, uint32_t block, uint64_t key, uint64_t value) {
    enum change outcome = insert(directory(DIRECTORY_FDB), key, value, owner_of(worker, block));
    if (outcome == CHANGE_DONE) {
        atomic_add32(shared_of_port(port_of(value)) + SHARED_ENTRIES, 1);
    }
    statistic(block, outcome == CHANGE_DONE ? STATISTIC_LEARNED : STATISTIC_UNLEARNED);
    return outcome == CHANGE_DONE;
}

/* The address left another port, or its entry was void. */
static bool move(uint32_t worker, uint32_t block, uint32_t config, uint64_t key, uint64_t old,
                 uint64_t value, double now) {
    uint32_t fid = fid_of(key);
    bool moved = port_of(old) != port_of(value) && in_force(config, fid, old, stamp_of(now));
    enum change outcome =
        replace(directory(DIRECTORY_FDB), key, old, value, owner_of(worker, block));
    if (outcome != CHANGE_DONE) {
        statistic(block, STATISTIC_UNLEARNED);
        return false;
    }
    atomic_add32(shared_of_port(port_of(old)) + SHARED_ENTRIES, (uint32_t)-1);
    atomic_add32(shared_of_port(port_of(value)) + SHARED_ENTRIES, 1);
    if (!moved) {
        statistic(block, STATISTIC_LEARNED);
        return true;
    }
    statistic(block, STATISTIC_MOVED);
    emit(block, EVENT_MOVED, port_of(value), fid, port_of(old), key >> 16, now);
    return true;
}

/* False: the frame's source is a static entry of another port. */
static bool violated(uint32_t block, uint64_t key, uint64_t value, uint64_t old, double now) {
    statistic(block, STATISTIC_STATIC_VIOLATED);
    emit(block, EVENT_STATIC_VIOLATED, port_of(value), fid_of(key), port_of(old), key >> 16, now);
    return false;
}

static bool update(uint32_t worker, uint32_t block, uint32_t config, uint64_t key, uint64_t value,
                   uint32_t slot, double now) {
    if (slot == 0) {
        return add(worker, block, key, value);
    }
    uint64_t old = value_of(slot);
    if (!holds(slot, key)) {
        return false;
    }
    if (is_static(old)) {
        return port_of(old) == port_of(value) || violated(block, key, value, old, now);
    }
    uint64_t changed = old ^ value;
    if ((uint32_t)changed == 0 && ((uint32_t)(changed >> 32) & 0xff) == 0) {
        atomic_exchange64(slot + VALUE, old, value);
        return true;
    }
    return move(worker, block, config, key, old, value, now);
}

/* Whether the entry is as wanted now. */
static inline bool learn(uint32_t worker, uint32_t block, uint32_t config, uint32_t bucket,
                         uint64_t key, uint64_t value, double now) {
    uint32_t slot = find(directory(DIRECTORY_FDB), bucket, key);
    if (slot != 0 && load64(slot + VALUE) == value) {
        return true;
    }
    return update(worker, block, config, key, value, slot, now);
}

#endif
