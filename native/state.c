#include "state.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

/* Half a megabyte of addresses, of which only those pages are ever real that are written to. */
#define STATES 65536

/* Shared by the threads of the process, as its descriptors are. */
static _Atomic(struct state *) states[STATES];

bool state_keep(int fd, struct state *state) {
    if (fd < 0 || fd >= STATES) {
        errno = EMFILE;
        return false;
    }
    atomic_store(&states[fd], state);
    return true;
}

struct state *state_of(int fd, uint32_t kind) {
    if (fd < 0 || fd >= STATES) {
        return NULL;
    }
    struct state *state = atomic_load_explicit(&states[fd], memory_order_acquire);
    return state != NULL && state->kind == kind ? state : NULL;
}

void state_drop(int fd) {
    struct state *state = fd < 0 || fd >= STATES ? NULL : atomic_exchange(&states[fd], NULL);
    if (state != NULL) {
        state->release(state);
    }
}
