/* The config that the packet path reads (assembly/config.ts). */
#ifndef BENCH_PIPELINE_CONFIG_H
#define BENCH_PIPELINE_CONFIG_H

#include "memory.h"

#define TICK_MS 125

enum {
    PORT_FLAGS = 0,
    PORT_FID = 8,
    PORT_MTU = 12,
    PORT_CONTROL_FRAMES = 48,
};

enum port_flag {
    FLAG_PRESENT = 1,
    FLAG_UP = 2,
    FLAG_ISOLATED = 4,
    FLAG_NO_LEARNING = 8,
    FLAG_LOCKED = 0x10,
    FLAG_STICKY_PORT = 0x20,
    FLAG_MAC_LIMIT = 0x40,
    FLAG_GUARD = 0x80,
    FLAG_VLAN_AWARE = 0x100,
    FLAG_TUNNEL = 0x200,
    FLAG_STORM = 0x2000,
    FLAG_POLICE_RECEIVE = 0x4000,
    FLAG_POLICE_TRANSMIT = 0x8000,
    FLAG_MIRROR_RECEIVE = 0x10000,
    FLAG_MIRROR_TRANSMIT = 0x20000,
    FLAG_MIRROR_TARGET = 0x40000,

    FLAG_FORWARDS = FLAG_PRESENT | FLAG_UP,
    FLAG_DOOR = FLAG_VLAN_AWARE | FLAG_GUARD | FLAG_POLICE_RECEIVE,
    FLAG_EGRESS = FLAG_POLICE_TRANSMIT | FLAG_MIRROR_TRANSMIT,
};

/* Kinds of flood. */
enum { FLOOD_BROADCAST, FLOOD_MULTICAST, FLOOD_UNKNOWN };

enum { DOMAIN_AGEING = 4, DOMAIN_RUNS = 16 };

static inline size_t buffer(uint32_t generation) {
    return directory(DIRECTORY_CONFIG) + (generation & 1) * directory(DIRECTORY_CONFIG_SIZE);
}

static inline size_t port_record(size_t config, uint32_t port) {
    return config + CONFIG_HEAD_SIZE + (size_t)port * PORT_RECORD_SIZE;
}

static inline size_t domain_record(size_t config, uint32_t fid) {
    size_t per_port = directory(DIRECTORY_MAX_PORTS) * (PORT_RECORD_SIZE + VLAN_SET_SIZE);
    return config + CONFIG_HEAD_SIZE + per_port + (size_t)fid * DOMAIN_RECORD_SIZE;
}

/* Latches the active config and publishes its generation as the worker's epoch. */
static inline size_t latch(size_t block) {
    uint32_t generation = atomic_load32(DIRECTORY + DIRECTORY_GENERATION);
    for (;;) {
        atomic_store32(block + WORKER_EPOCH, (generation << 1) | 1);
        uint32_t again = atomic_load32(DIRECTORY + DIRECTORY_GENERATION);
        if (again == generation) {
            return buffer(generation);
        }
        generation = again;
    }
}

/* The config that a worker has latched. */
static inline size_t latched(size_t block) {
    return buffer(load32(block + WORKER_EPOCH) >> 1);
}

#endif
