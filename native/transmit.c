/* Writing transmit lists from WebAssembly memory, and gathering what could not be written. */
#include "abi.h"
#include "arguments.h"
#include "batch.h"
#include "error.h"
#include "failures.h"
#include "functions.h"
#include "memory.h"
#include "queue.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

/* The frame's pieces: 1, or 2 where the body does not follow the head. 0 if one is outside. */
static int gather(const struct memory *memory, const struct transmit *entry,
                  struct iovec pieces[2]) {
    if (!inside(memory, entry->head, entry->head_length, 1) ||
        (entry->body_length > 0 && !inside(memory, entry->body, entry->body_length, 1))) {
        return 0;
    }
    pieces[0] = (struct iovec){memory->base + entry->head, entry->head_length};
    pieces[1] = (struct iovec){memory->base + entry->body, entry->body_length};
    if (entry->body_length > 0 && entry->body != entry->head + entry->head_length) {
        return 2;
    }
    pieces[0].iov_len += entry->body_length;
    return 1;
}

/* Unaligned loads: the ports and queues of a wrong entry may lie anywhere. */
static uint32_t load(const struct memory *memory, uint64_t address) {
    uint32_t value;
    memcpy(&value, memory->base + address, sizeof value);
    return value;
}

/* The queue of a port; a descriptor of -1 if it has none, or its number is none. */
static struct queue queue_of(const struct memory *memory, uint32_t queues, uint32_t port) {
    struct queue queue = {.fd = -1};
    uint64_t address = queues + (uint64_t)port * sizeof(struct port_queue);
    if (address + sizeof(struct port_queue) <= memory->length) {
        /* In one piece, as control writes it: never the descriptor of one and the kind of another.
         */
        uint64_t entry;
        memcpy(&entry, memory->base + address, sizeof entry);
        memcpy(&queue, &entry, sizeof queue);
    }
    return queue;
}

/* `held`: how to write what the batch holds; NULL where it holds nothing. */
struct writer {
    const struct memory *memory;
    uint32_t queues;
    struct failures *failures;
    struct batch *batch;
    const struct queue_operations *held;
};

/* Returns an errno. */
static int write_to(struct writer *writer, struct queue queue, const struct outgoing *frame) {
    const struct queue_operations *operations = queue_operations_of(queue.kind);
    if (queue.fd < 0) {
        return ENODEV;
    }
    if (operations == NULL) {
        return EINVAL;
    }
    if (operations->write != NULL) {
        return operations->write(queue.fd, frame->pieces, frame->count);
    }
    writer->held = operations;
    return operations->add(writer->batch, queue.fd, frame);
}

/*
 * Puts an empty virtio header before a frame, where the frame before it may end: what is held of
 * that is written first.
 */
static void make_header(struct writer *writer, const struct transmit *entry) {
    if (entry->head_length < VIRTIO_HEADER ||
        !inside(writer->memory, entry->head, entry->head_length, 1)) {
        return;
    }
    if (writer->held != NULL) {
        writer->held->flush(writer->batch);
    }
    memset(writer->memory->base + entry->head, 0, VIRTIO_HEADER);
}

static void write_entry(struct writer *writer, const struct transmit *entry) {
    const struct memory *memory = writer->memory;
    uint32_t bytes = entry->head_length + entry->body_length;
    if (!inside(memory, entry->ports, entry->port_count, 4)) {
        fail(writer->failures, NO_PORT, EFAULT, bytes);
        return;
    }
    if (entry->body == BARE) {
        make_header(writer, entry);
    }
    struct iovec pieces[2];
    int count = gather(memory, entry, pieces);
    for (uint32_t i = 0; i < entry->port_count; i++) {
        uint32_t port = load(memory, entry->ports + (uint64_t)i * 4);
        if (port == entry->except) {
            continue;
        }
        struct queue queue = queue_of(memory, writer->queues, port);
        struct outgoing frame = {pieces, count, port, bytes};
        int error = count == 0 ? EFAULT : write_to(writer, queue, &frame);
        if (error != 0) {
            fail(writer->failures, port, error, bytes);
        }
    }
}

/*
 * writeEntries(memory, queues, entries, count, failures, failureCapacity): failure records written.
 * `queues` is a table of struct port_queue by port number; a negative one is a failure, ENODEV.
 * Capacity for a record a port holds them all.
 */
napi_value write_entries(napi_env env, napi_callback_info info) {
    napi_value arguments[6];
    uint32_t numbers[5];
    read_arguments(env, info, 6, arguments);
    struct memory *memory = read_memory(env, arguments[0]);
    if (memory == NULL || !read_numbers(env, arguments + 1, 5, numbers)) {
        return NULL;
    }
    uint32_t queues = numbers[0], entries = numbers[1], count = numbers[2];
    if (entries % 4 != 0 || !inside(memory, entries, count, sizeof(struct transmit))) {
        return throw_range(env, "the transmit list");
    }
    if (numbers[3] % 4 != 0 || !inside(memory, numbers[3], numbers[4], sizeof(struct failure))) {
        return throw_range(env, "the failure list");
    }
    struct failures failures = {.records = (struct failure *)(memory->base + numbers[3]),
                                .capacity = numbers[4]};
    struct batch batch;
    batch_begin(&batch, &failures);
    struct writer writer = {memory, queues, &failures, &batch, NULL};
    for (uint32_t i = 0; i < count; i++) {
        /* Copied, since another worker may write to shared memory between check and use. */
        struct transmit entry;
        memcpy(&entry, memory->base + entries + (uint64_t)i * sizeof entry, sizeof entry);
        write_entry(&writer, &entry);
    }
    if (writer.held != NULL) {
        writer.held->flush(&batch);
    }
    return make_int(env, failures.count);
}
