/* Reading a burst of frames from a queue straight into WebAssembly memory. */
#include "abi.h"
#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "memory.h"
#include "queue.h"

#include <errno.h>

static uint64_t next_frame(uint64_t at) {
    uint64_t line = (at + HEADROOM + CACHE_LINE - 1) & ~(uint64_t)(CACHE_LINE - 1);
    return line + LINE_OFFSET + VIRTIO_HEADER;
}

/* Where the next frame goes; the last one if another of any length might not fit behind it. */
static struct slot slot_at(const struct burst *burst, uint64_t start, uint32_t count) {
    uint64_t after = next_frame(start + FRAME_ROOM + VIRTIO_HEADER) - VIRTIO_HEADER + FRAME_ROOM;
    return (struct slot){.start = burst->base + start,
                         .last = count + 1 == burst->capacity || after > burst->end};
}

/* How many frames came; -errno if none did and it was not for want of one. */
static int64_t fill(struct burst *burst, const struct queue_operations *queue, int fd) {
    if (queue->burst != NULL) {
        return queue->burst(fd, burst);
    }
    uint32_t count = 0;
    while (count < burst->capacity) {
        uint64_t start = next_frame(burst->at + queue->reserve) - VIRTIO_HEADER;
        if (start + FRAME_ROOM > burst->end) {
            break;
        }
        struct slot slot = slot_at(burst, start, count);
        int64_t bytes = queue->read(fd, &slot);
        if (bytes < 0) {
            return count == 0 && bytes != -EAGAIN ? bytes : count;
        }
        uint64_t address = start - slot.before + VIRTIO_HEADER;
        uint32_t length = bytes < (int64_t)VIRTIO_HEADER ? 0 : (uint32_t)bytes - VIRTIO_HEADER;
        burst->descriptors[count++] = (struct descriptor){(uint32_t)address, length};
        burst->at = address + length;
    }
    return count;
}

/*
 * readBurst(memory, fd, kind, descriptors, arena, arenaSize, maxFrames): frames read, one behind
 * the other, each with its virtio header before it and HEADROOM before that; -errno if the first
 * read failed. It ends where a largest frame might not fit: level-triggered epoll tells of the
 * rest.
 */
napi_value read_burst(napi_env env, napi_callback_info info) {
    napi_value arguments[7];
    uint32_t numbers[6];
    read_arguments(env, info, 7, arguments);
    struct memory *memory = read_memory(env, arguments[0]);
    if (memory == NULL || !read_numbers(env, arguments + 1, 6, numbers)) {
        return NULL;
    }
    uint32_t descriptors = numbers[2], arena = numbers[3], size = numbers[4], frames = numbers[5];
    const struct queue_operations *queue = queue_operations_of(numbers[1]);
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
    return make_int(env, queue == NULL ? -EINVAL : fill(&burst, queue, (int)numbers[0]));
}
