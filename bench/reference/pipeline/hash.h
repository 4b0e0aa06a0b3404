/*
 * The hash table (assembly/table/hash.ts, where its layout is drawn): two cache lines a bucket,
 * seven entries, overflow buckets from a pool, readers without locks.
 */
#ifndef BENCH_PIPELINE_HASH_H
#define BENCH_PIPELINE_HASH_H

#include "memory.h"

#ifdef __SSE4_1__
#include <smmintrin.h>
#endif

enum {
    HEAD_BUCKETS = 0,
    HEAD_BUCKET_COUNT = 4,
    HEAD_POOL = 8,
    HEAD_CAPACITY = 16,
    HEAD_SEED = 24,
    HEAD_COUNT = 64,
    HEAD_CHANGES = 68,
    HEAD_FREE = 128,
};

enum { BUCKET_VERSION = 0, BUCKET_OVERFLOW = 4, BUCKET_LOCK = 8, BUCKET_SLOTS = 7 };

/* From the address of a key to that of its value. */
enum { VALUE = 8 };

enum change { CHANGE_DONE, CHANGE_EXISTS, CHANGE_MISSING, CHANGE_BUSY };

enum { SPIN_MAX = 10000, CHAIN_MAX = 64, RETRY_MAX = 4 };

/* What of a table's head its look-ups need: a loop reads it once. */
struct head {
    uint64_t a, b, c, count;
    size_t buckets;
};

static inline struct head read_head(size_t table) {
    return (struct head){
        .a = load64(table + HEAD_SEED),
        .b = load64(table + HEAD_SEED + 8),
        .c = load64(table + HEAD_SEED + 16),
        .count = load32(table + HEAD_BUCKET_COUNT),
        .buckets = load32(table + HEAD_BUCKETS),
    };
}

static inline size_t bucket_by(uint64_t key, struct head head) {
    uint64_t x = (key ^ head.a) * head.b;
    x = (x ^ (x >> 32)) * head.c;
    x = (x ^ (x >> 29)) * head.b;
    return head.buckets + (((x >> 32) * head.count) >> 32) * BUCKET_SIZE;
}

static inline size_t bucket_of(size_t table, uint64_t key) {
    return bucket_by(key, read_head(table));
}

static inline size_t pool_bucket(size_t table, uint32_t index) {
    return load32(table + HEAD_POOL) + (size_t)(index - 1) * BUCKET_SIZE;
}

#ifdef __SSE4_1__
/* All ones in the lower half if the slot's key is the one that is wanted. */
static inline __m128i equal_key(size_t slot, __m128i wanted) {
    return _mm_cmpeq_epi64(_mm_loadu_si128((const __m128i *)(const void *)(linear + slot)), wanted);
}

/* A bit for each of two slots, one behind the other, whose key is the one that is wanted. */
static inline uint32_t equal_pair(size_t slot, __m128i wanted) {
    __m128i pair = _mm_unpacklo_epi64(equal_key(slot, wanted), equal_key(slot + 16, wanted));
    return (uint32_t)_mm_movemask_pd(_mm_castsi128_pd(pair));
}

static inline uint32_t equal_first(size_t bucket, uint64_t key) {
    __m128i wanted = _mm_set1_epi64x((long long)key);
    __m128d third = _mm_castsi128_pd(equal_key(bucket + 48, wanted));
    return equal_pair(bucket + 16, wanted) | (((uint32_t)_mm_movemask_pd(third) & 1) << 2);
}

static inline uint32_t equal_second(size_t bucket, uint64_t key) {
    __m128i wanted = _mm_set1_epi64x((long long)key);
    return equal_pair(bucket + 64, wanted) | (equal_pair(bucket + 96, wanted) << 2);
}
#else
static inline uint32_t equal_slots(size_t slot, uint32_t count, uint64_t key) {
    uint32_t hits = 0;
    for (uint32_t index = 0; index < count; index++) {
        hits |= (uint32_t)(load64(slot + index * 16) == key) << index;
    }
    return hits;
}

static inline uint32_t equal_first(size_t bucket, uint64_t key) {
    return equal_slots(bucket + 16, 3, key);
}

static inline uint32_t equal_second(size_t bucket, uint64_t key) {
    return equal_slots(bucket + 64, 4, key);
}
#endif

static inline size_t slot_at(size_t bucket, uint32_t index) {
    return bucket + 16 + (size_t)index * 16;
}

/* The slot of `key` in one bucket, or 0. */
static inline size_t slot_in(size_t bucket, uint64_t key) {
    uint32_t hits = equal_first(bucket, key);
    if (hits != 0) {
        return slot_at(bucket, (uint32_t)__builtin_ctz(hits));
    }
    hits = equal_second(bucket, key);
    return hits == 0 ? 0 : slot_at(bucket, 3 + (uint32_t)__builtin_ctz(hits));
}

static size_t slot_in_chain(size_t table, size_t bucket, uint64_t key) {
    size_t node = bucket;
    for (uint32_t steps = 0; steps < CHAIN_MAX; steps++) {
        size_t slot = slot_in(node, key);
        if (slot != 0) {
            return slot;
        }
        uint32_t overflow = load32(node + BUCKET_OVERFLOW);
        if (overflow == 0) {
            return 0;
        }
        node = pool_bucket(table, overflow);
    }
    return 0;
}

/* The whole chain, again for as long as writers moved entries meanwhile. */
static __attribute__((noinline)) size_t search(size_t table, size_t bucket, uint64_t key) {
    for (uint32_t attempt = 0; attempt < RETRY_MAX; attempt++) {
        uint32_t version = atomic_load32(bucket + BUCKET_VERSION);
        size_t slot = slot_in_chain(table, bucket, key);
        if (slot != 0) {
            return slot;
        }
        if (atomic_exchange32(bucket + BUCKET_VERSION, version, version) == version) {
            return 0;
        }
    }
    return 0;
}

static inline size_t find(size_t table, size_t bucket, uint64_t key) {
    size_t slot = slot_in(bucket, key);
    return slot != 0 ? slot : search(table, bucket, key);
}

/* How far behind the first line of a bucket the line is that is worth reading ahead too. */
static inline size_t second_line_of(size_t table) {
    return atomic_load32(table + HEAD_COUNT) > load32(table + HEAD_BUCKET_COUNT) * 2 ? 64 : 0;
}

/* Reads from a line to have it near later; volatile, or the compiler would leave it out. */
static inline void touch(size_t line) {
    (void)*(const volatile uint64_t *)(const void *)(linear + line);
}

static inline uint64_t value_of(size_t slot) {
    return atomic_load64(slot + VALUE);
}

static inline bool holds(size_t slot, uint64_t key) {
    return atomic_load64(slot) == key;
}

#endif
