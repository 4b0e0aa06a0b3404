/* Reading a burst of frames from a queue straight into WebAssembly memory. */
#include "abi.h"
#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "memory.h"

#include <errno.h>
#include <unistd.h>

struct burst {
    uint8_t *base;
    struct descriptor *descriptors;
    uint64_t at, end; /* the arena that is left */
    uint32_t capacity;
};

static uint64_t next_frame(uint64_t at) {
    uint64_t line = (at + HEADROOM + CACHE_LINE - 1) & ~(uint64_t)(CACHE_LINE - 1);
    return line + LINE_OFFSET + VIRTIO_HEADER;
}

static ssize_t read_again(int fd, uint8_t *bytes, size_t length) {
    ssize_t count;
    do {
        count = read(fd, bytes, length);
    } while (count < 0 && errno == EINTR);
    return count;
}

/* How many frames came; -errno if none did and it was not for want of one. */
static int64_t fill(struct burst *burst, int fd) {
    uint32_t count = 0;
    while (count < burst->capacity) {
        uint64_t address = next_frame(burst->at);
        uint64_t start = address - VIRTIO_HEADER;
        if (start + FRAME_ROOM > burst->end) {
            break;
        }
        ssize_t bytes = read_again(fd, burst->base + start, FRAME_ROOM);
        if (bytes < 0) {
            return count == 0 && errno != EAGAIN ? -(int64_t)errno : count;
        }
        uint32_t length = bytes < (ssize_t)VIRTIO_HEADER ? 0 : (uint32_t)bytes - VIRTIO_HEADER;
        burst->descriptors[count++] = (struct descriptor){(uint32_t)address, length};
        burst->at = address + length;
    }
    return count;
}

/*
 * readBurst(memory, fd, descriptors, arena, arenaSize, maxFrames): frames read, one behind the
 * other, each with its virtio header before it and HEADROOM before that; -errno if the first read
 * failed. It ends where a largest frame might not fit: level-triggered epoll tells of the rest.
 */
napi_value read_burst(napi_env env, napi_callback_info info) {
    napi_value arguments[6];
    uint32_t numbers[5];
    read_arguments(env, info, 6, arguments);
    struct memory *memory = read_memory(env, arguments[0]);
    if (memory == NULL || !read_numbers(env, arguments + 1, 5, numbers)) {
        return NULL;
    }
    uint32_t descriptors = numbers[1], arena = numbers[2], size = numbers[3], frames = numbers[4];
    if (descriptors % 4 != 0 || !inside(memory, descriptors, frames, sizeof(struct descriptor))) {
        return throw_range(env, "the descriptor list");
    }
    if (!inside(memory, arena, size, 1)) {
        return throw_range(env, "the arena");
    }
    struct burst burst = {.base = memory->base,
                          .descriptors = (struct descriptor *)(memory->base + descriptors),
                          .at = arena,
                          .end = (uint64_t)arena + size,
                          .capacity = frames};
    return make_int(env, fill(&burst, (int)numbers[0]));
}
