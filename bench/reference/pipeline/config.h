/* The config that the packet path reads (assembly/config.ts). */
#ifndef BENCH_PIPELINE_CONFIG_H
#define BENCH_PIPELINE_CONFIG_H

#include "memory.h"

#define TICK_MS 125

enum { CONFIG_PORT_COUNT = 4 };
enum { PORT_FLAGS = 0, PORT_FID = 4, PORT_MTU = 8, PORT_OFFLOADS = 12 };
enum { PORT_PRESENT = 1, PORT_UP = 2, PORT_FORWARDS = PORT_PRESENT | PORT_UP };
enum {
    DOMAIN_AGEING = 4,
    DOMAIN_MEMBERS = 8,
    DOMAIN_MEMBER_COUNT = 12,
    DOMAIN_MTU = 16,
    DOMAIN_OFFLOADS = 20,
};

static inline uint32_t port_record(uint32_t config, uint32_t port) {
    return config + CONFIG_HEAD_SIZE + port * RECORD_SIZE;
}

static inline uint32_t domain_record(uint32_t config, uint32_t fid) {
    return config + CONFIG_HEAD_SIZE + (directory(DIRECTORY_MAX_PORTS) + fid) * RECORD_SIZE;
}

/* Latches the active config and publishes its generation as the worker's epoch. */
static inline uint32_t latch(uint32_t block) {
    uint32_t generation = atomic_load32(DIRECTORY + DIRECTORY_GENERATION);
    for (;;) {
        atomic_store32(block + WORKER_EPOCH, (generation << 1) | 1);
        uint32_t again = atomic_load32(DIRECTORY + DIRECTORY_GENERATION);
        if (again == generation) {
            break;
        }
        generation = again;
    }
    return directory(DIRECTORY_CONFIG) + (generation & 1) * directory(DIRECTORY_CONFIG_SIZE);
}

#endif
