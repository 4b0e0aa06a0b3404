/* Collecting datagrams into messages. */
#include "batch.h"

#include <errno.h>
#include <string.h>

/* Messages of a chain that are looked through for one that a datagram may join. */
#define LOOK_BACK 32u

/* The socket of a source port; a port that is none of ours still names one flow. */
static uint32_t sender_of(const struct udp *queue, uint32_t source_port) {
    const struct udp_senders *senders = queue->senders;
    uint32_t k = source_port - senders->port;
    return k < senders->count ? k : source_port % senders->count;
}

/* The payload's pieces, without the headers; the first one holds them all. */
static struct datagram skip_headers(const struct outgoing *frame, uint32_t octets) {
    const struct iovec *pieces = frame->pieces;
    struct datagram datagram = {.port = frame->port, .bytes = frame->bytes};
    datagram.pieces[0] =
        (struct iovec){(uint8_t *)pieces[0].iov_base + octets, pieces[0].iov_len - octets};
    datagram.pieces[1] = frame->count > 1 ? pieces[1] : (struct iovec){NULL, 0};
    datagram.length = (uint32_t)(datagram.pieces[0].iov_len + datagram.pieces[1].iov_len);
    return datagram;
}

static bool same_way(const struct outer *one, const struct outer *other) {
    return memcmp(one->destination, other->destination, sizeof one->destination) == 0 &&
           one->source_port == other->source_port &&
           one->destination_port == other->destination_port;
}

/*
 * The latest message of a flow, whatever its traffic class and hops: were they looked for, what
 * comes later could join an earlier one and overtake those between, which have others.
 */
static struct message *latest_of(struct batch *batch, const struct outer *outer, uint32_t sender) {
    uint32_t slot = sender % BATCH_CHAINS;
    if ((batch->chained & (uint64_t)1 << slot) == 0) {
        return NULL;
    }
    uint32_t index = batch->chains[slot].last;
    for (uint32_t i = 0; i < LOOK_BACK && index != BATCH_END; i++) {
        struct message *message = &batch->messages[index];
        if (same_way(&message->outer, outer)) {
            return message;
        }
        index = message->previous;
    }
    return NULL;
}

/* One of no octets would be no segment. */
static bool joins(const struct udp *queue, const struct message *message, const struct outer *outer,
                  uint32_t length) {
    return !message->closed && length > 0 && length <= message->size &&
           message->octets + length <= MESSAGE_OCTETS &&
           memcmp(&message->outer, outer, sizeof *outer) == 0 &&
           atomic_load_explicit(&queue->segments, memory_order_relaxed);
}

static void append_to_chain(struct batch *batch, uint32_t index) {
    uint32_t slot = batch->messages[index].sender % BATCH_CHAINS;
    struct chain *chain = &batch->chains[slot];
    uint64_t bit = (uint64_t)1 << slot;
    if ((batch->chained & bit) == 0) {
        batch->chained |= bit;
        chain->first = index;
    } else {
        batch->messages[chain->last].next = index;
        batch->messages[index].previous = chain->last;
    }
    chain->last = index;
}

static void begin_message(struct batch *batch, const struct outer *outer, uint32_t sender,
                          uint32_t length) {
    uint32_t index = batch->message_count++, datagram = batch->datagram_count;
    batch->messages[index] = (struct message){.outer = *outer,
                                              .sender = sender,
                                              .size = length,
                                              .octets = length,
                                              .count = 1,
                                              .first = datagram,
                                              .last = datagram,
                                              .next = BATCH_END,
                                              .previous = BATCH_END,
                                              .closed = length == 0};
    append_to_chain(batch, index);
}

static void append(struct batch *batch, struct message *message, uint32_t length) {
    uint32_t index = batch->datagram_count;
    batch->datagrams[message->last].next = index;
    message->last = index;
    message->octets += length;
    message->count += 1;
    message->closed = length < message->size || message->count == MESSAGE_DATAGRAMS;
}

/* Into the message where it belongs, or into a new one. */
static void insert(struct batch *batch, const struct outer *outer,
                   const struct datagram *datagram) {
    if (batch->datagram_count == BATCH_DATAGRAMS) {
        udp_flush(batch);
    }
    uint32_t sender = sender_of(batch->queue, outer->source_port);
    struct message *latest = latest_of(batch, outer, sender);
    if (latest != NULL && joins(batch->queue, latest, outer, datagram->length)) {
        append(batch, latest, datagram->length);
    } else {
        begin_message(batch, outer, sender, datagram->length);
    }
    batch->datagrams[batch->datagram_count++] = *datagram;
}

static void start(struct batch *batch) {
    batch->datagram_count = 0;
    batch->message_count = 0;
    batch->chained = 0;
}

/* Turns to another queue. */
static void turn_to(struct batch *batch, int fd) {
    udp_flush(batch);
    batch->fd = fd;
    batch->queue = udp_of(fd);
}

int udp_add(struct batch *batch, int fd, const struct outgoing *frame) {
    if (batch->fd != fd) {
        turn_to(batch, fd);
    }
    struct outer outer;
    if (batch->queue == NULL) {
        return EBADF;
    }
    uint32_t version = batch->queue->version;
    if (!read_outer(version, frame->pieces, &outer)) {
        return EINVAL;
    }
    struct datagram datagram = skip_headers(frame, OUTER_LENGTH(version));
    insert(batch, &outer, &datagram);
    return 0;
}

void udp_flush(struct batch *batch) {
    for (uint64_t left = batch->chained; left != 0; left &= left - 1) {
        send_chain(batch, batch->chains[__builtin_ctzll(left)].first);
    }
    start(batch);
}
