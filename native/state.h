/*
 * What a queue has to remember beside its descriptor: half a frame, an address. It is found by the
 * descriptor's number, from every thread, and goes when the descriptor is closed by `close`.
 */
#ifndef LINKSPAN_STATE_H
#define LINKSPAN_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* The first member of every state. `release` frees it and all that it holds. */
struct state {
    uint32_t kind; /* enum queue_kind */
    void (*release)(struct state *state);
};

/* False, with errno set, where the descriptor's number is beyond what there is room for. */
bool state_keep(int fd, struct state *state);

/* NULL where the descriptor has none, or one of another kind. */
struct state *state_of(int fd, uint32_t kind);

/* Before the descriptor is closed: its number may be another's a moment later. */
void state_drop(int fd);

#endif
