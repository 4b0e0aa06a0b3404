/* The WebAssembly memory that bursts are read into and written from. */
#ifndef LINKSPAN_MEMORY_H
#define LINKSPAN_MEMORY_H

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

struct memory {
    uint64_t magic;
    uint8_t *base;
    uint64_t length;
    napi_ref view; /* keeps the memory from being collected */
};

/* The memory behind a handle of `attach`; NULL having thrown. */
struct memory *read_memory(napi_env env, napi_value handle);

/* Whether `count` records of `size` bytes at an address lie inside. No sum can overflow. */
static inline bool inside(const struct memory *memory, uint32_t address, uint64_t count,
                          uint32_t size) {
    return address + count * size <= memory->length;
}

#endif
