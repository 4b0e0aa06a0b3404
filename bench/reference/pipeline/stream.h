/*
 * The frames that both the module and this program are given: a file written by
 * bench/lib/pipeline/stream.js.
 *
 *    0 recordSize u32   4 stride u32   8 burstCount u32   12 burstFrames u32
 *   16 start f64       24 step f64 (milliseconds on the clock of `now`, from burst to burst)
 *   32 burstCount x u32 port, then burstCount x burstFrames records of recordSize octets:
 *      { u32 length, octets of the frame from its virtio-net header on }
 */
#ifndef BENCH_PIPELINE_STREAM_H
#define BENCH_PIPELINE_STREAM_H

#include "memory.h"

enum { HEADROOM = 128, LINE_OFFSET = 14, STREAM_VIRTIO = 12 };

struct stream {
    uint32_t record_size, stride, burst_count, burst_frames;
    double start, step;
    const uint32_t *ports;
    const uint8_t *records;
};

static struct stream read_stream(const uint8_t *file) {
    struct stream stream;
    memcpy(&stream, file, 32);
    stream.ports = (const uint32_t *)(const void *)(file + 32);
    stream.records = file + 32 + (size_t)stream.burst_count * 4;
    return stream;
}

/* Puts a burst into the arena of worker 0, as a read of a device leaves it. */
static void prepare(const struct stream *stream, uint32_t burst) {
    size_t octets = stream->record_size - 4;
    const uint8_t *record =
        stream->records + (size_t)burst * stream->burst_frames * stream->record_size;
    size_t address = directory(DIRECTORY_ARENAS) + HEADROOM + LINE_OFFSET;
    size_t descriptor = worker_block(0) + WORKER_RECEIVED;
    for (uint32_t frame = 0; frame < stream->burst_frames; frame++) {
        uint32_t length;
        memcpy(&length, record, 4);
        memcpy(linear + address - STREAM_VIRTIO, record + 4, octets);
        store32(descriptor, (uint32_t)address);
        store32(descriptor + 4, length);
        record += stream->record_size;
        address += stream->stride;
        descriptor += 8;
    }
}

#endif
