/* The ring of what a worker has to tell (assembly/event.ts). */
#ifndef BENCH_PIPELINE_EVENT_H
#define BENCH_PIPELINE_EVENT_H

#include "counter.h"

enum event { EVENT_MOVED = 1, EVENT_STATIC_VIOLATED = 3, EVENT_SIZE = 32 };

static void emit(size_t block, enum event type, uint32_t port, uint32_t fid, uint32_t detail,
                 uint64_t mac, double now) {
    uint32_t head = load32(block + WORKER_EVENT_HEAD);
    if (head - atomic_load32(block + WORKER_EVENT_TAIL) >= EVENTS_MAX) {
        bump(block + WORKER_EVENT_LOST, 1);
        return;
    }
    size_t event = block + WORKER_EVENTS + (head & (EVENTS_MAX - 1)) * EVENT_SIZE;
    store32(event, type);
    store32(event + 4, port);
    store32(event + 8, fid);
    store32(event + 12, detail);
    store64(event + 16, mac);
    store_double(event + 24, now);
    atomic_store32(block + WORKER_EVENT_HEAD, head + 1);
}

#endif
