#include "failures.h"

#include <stddef.h>

/* A port has one record: its first errno stands for the rest. NULL when there is no room for one.
 */
static struct failure *record_for(struct failures *failures, uint32_t port, uint32_t error) {
    for (uint32_t i = failures->count; i > 0; i--) {
        if (failures->records[i - 1].port == port) {
            return &failures->records[i - 1];
        }
    }
    if (failures->count == failures->capacity) {
        return NULL;
    }
    failures->records[failures->count] = (struct failure){.port = port, .error = error};
    return &failures->records[failures->count++];
}

void fail(struct failures *failures, uint32_t port, int error, uint32_t bytes) {
    struct failure *record = record_for(failures, port, (uint32_t)error);
    if (record != NULL) {
        record->frames += 1;
        record->bytes += bytes;
    }
}
