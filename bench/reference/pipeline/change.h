/*
 * What learning changes in the hash table, under the lock of the key's bucket (assembly/table/).
 * The table never fills up here: rated capacity is what is measured, and eviction is no part of
 * that.
 */
#ifndef BENCH_PIPELINE_CHANGE_H
#define BENCH_PIPELINE_CHANGE_H

#include "hash.h"
#include "unsupported.h"

static bool lock(size_t bucket, uint32_t owner) {
    for (uint32_t spin = 0; spin < SPIN_MAX; spin++) {
        if (atomic_load32(bucket + BUCKET_LOCK) == 0 &&
            atomic_exchange32(bucket + BUCKET_LOCK, 0, owner) == 0) {
            return true;
        }
    }
    return false;
}

static inline void unlock(size_t bucket) {
    atomic_store32(bucket + BUCKET_LOCK, 0);
}

/* The pool is a stack of indices; the upper half of its head counts changes. */
static uint32_t take(size_t table) {
    for (;;) {
        uint64_t head = atomic_load64(table + HEAD_FREE);
        uint32_t index = (uint32_t)head;
        if (index == 0) {
            return 0;
        }
        uint64_t next = atomic_load32(pool_bucket(table, index) + BUCKET_OVERFLOW);
        uint64_t then = (((head >> 32) + 1) << 32) | next;
        if (atomic_exchange64(table + HEAD_FREE, head, then) == head) {
            return index;
        }
    }
}

static size_t last_of(size_t table, size_t bucket) {
    size_t node = bucket;
    for (uint32_t next = load32(node + BUCKET_OVERFLOW); next != 0;) {
        node = pool_bucket(table, next);
        next = load32(node + BUCKET_OVERFLOW);
    }
    return node;
}

/* Links an overflow bucket to a full chain and returns its first slot, or 0. */
static size_t extend(size_t table, size_t bucket) {
    uint32_t index = take(table);
    if (index == 0) {
        return 0;
    }
    size_t node = pool_bucket(table, index);
    memset(linear + node, 0, BUCKET_SIZE);
    atomic_store32(last_of(table, bucket) + BUCKET_OVERFLOW, index);
    return slot_at(node, 0);
}

static inline void fill(size_t slot, uint64_t key, uint64_t value) {
    atomic_store64(slot + VALUE, value);
    atomic_store64(slot, key);
}

static enum change insert_locked(size_t table, size_t bucket, uint64_t key, uint64_t value) {
    if (slot_in_chain(table, bucket, key) != 0) {
        return CHANGE_EXISTS;
    }
    size_t slot = 0;
    if (atomic_add32(table + HEAD_COUNT, 1) < load32(table + HEAD_CAPACITY)) {
        slot = slot_in_chain(table, bucket, 0);
        if (slot == 0) {
            slot = extend(table, bucket);
        }
    }
    if (slot == 0) {
        unsupported("the table is full");
    }
    fill(slot, key, value);
    return CHANGE_DONE;
}

static enum change insert(size_t table, uint64_t key, uint64_t value, uint32_t owner) {
    size_t bucket = bucket_of(table, key);
    if (!lock(bucket, owner)) {
        return CHANGE_BUSY;
    }
    enum change outcome = insert_locked(table, bucket, key, value);
    unlock(bucket);
    return outcome;
}

static enum change replace(size_t table, uint64_t key, uint64_t from, uint64_t to, uint32_t owner) {
    size_t bucket = bucket_of(table, key);
    if (!lock(bucket, owner)) {
        return CHANGE_BUSY;
    }
    size_t slot = slot_in_chain(table, bucket, key);
    bool done = slot != 0 && atomic_exchange64(slot + VALUE, from, to) == from;
    if (done) {
        atomic_add32(table + HEAD_CHANGES, 1);
    }
    unlock(bucket);
    return done ? CHANGE_DONE : CHANGE_MISSING;
}

#endif
