#include "memory.h"

#include "arguments.h"
#include "error.h"
#include "functions.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint64_t memory_magic = 0x6c736d656d6f7279;

static void finalize(napi_env env, void *data, void *hint) {
    (void)hint;
    struct memory *memory = data;
    napi_delete_reference(env, memory->view);
    free(memory);
}

struct memory *read_memory(napi_env env, napi_value handle) {
    void *data;
    if (napi_get_value_external(env, handle, &data) != napi_ok ||
        ((struct memory *)data)->magic != memory_magic) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a handle of attach was expected");
        return NULL;
    }
    return data;
}

/*
 * Asks for huge pages, which keep a big table within reach of the TLB. Advice only: where the
 * kernel has none to give, nothing is lost.
 */
static void advise_huge_pages(uint8_t *base, size_t length) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)base + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)base + length) & ~(page - 1);
    if (start < end) {
        (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
    }
}

/*
 * attach(view): handle. The view covers a WebAssembly.Memory that never grows: its address is
 * taken once, since asking for it at every call costs more than the call.
 */
napi_value memory_attach(napi_env env, napi_callback_info info) {
    napi_value argument, handle;
    uint8_t *base;
    size_t length;
    read_arguments(env, info, 1, &argument);
    if (!read_bytes(env, argument, &base, &length)) {
        return NULL;
    }
    struct memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL) {
        return throw_errno(env, ENOMEM, "calloc", "memory handle");
    }
    *memory = (struct memory){.magic = memory_magic, .base = base, .length = length};
    advise_huge_pages(base, length);
    napi_create_reference(env, argument, 1, &memory->view);
    if (napi_create_external(env, memory, finalize, NULL, &handle) != napi_ok) {
        finalize(env, memory, NULL);
        return NULL;
    }
    return handle;
}
