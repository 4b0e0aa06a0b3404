/* Collecting datagrams into messages. */
#include "batch.h"

#include <errno.h>
#include <string.h>

#define NONE 0xffu

/* The socket of a source port; a port that is none of ours still names one flow. */
static uint32_t sender_of(const struct udp *queue, uint32_t source_port) {
    const struct udp_senders *senders = queue->senders;
    uint32_t k = source_port - senders->port;
    return k < senders->count ? k : source_port % senders->count;
}

/* The payload's pieces, without the headers; the first one holds them all. */
static void skip_headers(struct datagram *datagram, const struct outgoing *frame, uint32_t octets) {
    const struct iovec *pieces = frame->pieces;
    datagram->pieces[0] =
        (struct iovec){(uint8_t *)pieces[0].iov_base + octets, pieces[0].iov_len - octets};
    datagram->pieces[1] = frame->count > 1 ? pieces[1] : (struct iovec){NULL, 0};
    datagram->length = (uint32_t)(datagram->pieces[0].iov_len + datagram->pieces[1].iov_len);
    datagram->port = frame->port;
    datagram->bytes = frame->bytes;
}

/*
 * Without traffic class and hops, which may change within a flow: a message of others takes the
 * place of the one before, so that nothing that comes later joins that and overtakes.
 */
static uint32_t slot_of(const struct outer *outer, uint32_t sender) {
    uint32_t words[4];
    memcpy(words, outer->destination, sizeof words);
    uint32_t ports = outer->destination_port ^ sender << 16;
    uint32_t hash = (words[0] ^ words[1] ^ words[2] ^ words[3] ^ ports) * 0x9e3779b1u;
    return hash >> 26;
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
    uint32_t slot = batch->messages[index].sender % BATCH_MESSAGES;
    struct chain *chain = &batch->chains[slot];
    uint64_t bit = (uint64_t)1 << slot;
    if ((batch->chained & bit) == 0) {
        batch->chained |= bit;
        chain->first = (uint8_t)index;
    } else {
        batch->messages[chain->last].next = index;
    }
    chain->last = (uint8_t)index;
}

static void begin_message(struct batch *batch, const struct outer *outer, uint32_t sender,
                          uint32_t datagram) {
    uint32_t index = batch->message_count++;
    uint32_t length = batch->datagrams[datagram].length;
    batch->messages[index] = (struct message){.outer = *outer,
                                              .sender = sender,
                                              .size = length,
                                              .octets = length,
                                              .count = 1,
                                              .first = datagram,
                                              .last = datagram,
                                              .next = NONE,
                                              .closed = length == 0};
    batch->recent[slot_of(outer, sender)] = (uint8_t)index;
    append_to_chain(batch, index);
}

static void append(struct batch *batch, struct message *message, uint32_t index) {
    uint32_t length = batch->datagrams[index].length;
    batch->datagrams[message->last].next = index;
    message->last = index;
    message->octets += length;
    message->count += 1;
    message->closed = length < message->size || message->count == MESSAGE_DATAGRAMS;
}

/* Into the message that goes there, or into a new one. */
static void insert(struct batch *batch, const struct outer *outer, uint32_t index) {
    uint32_t sender = sender_of(batch->queue, outer->source_port);
    uint32_t recent = batch->recent[slot_of(outer, sender)];
    if (recent < batch->message_count &&
        joins(batch->queue, &batch->messages[recent], outer, batch->datagrams[index].length)) {
        append(batch, &batch->messages[recent], index);
    } else {
        begin_message(batch, outer, sender, index);
    }
}

static void start(struct batch *batch) {
    batch->datagram_count = 0;
    batch->message_count = 0;
    batch->chained = 0;
    memset(batch->recent, NONE, sizeof batch->recent);
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
    if (batch->datagram_count == BATCH_DATAGRAMS || batch->message_count == BATCH_MESSAGES) {
        udp_flush(batch);
    }
    uint32_t index = batch->datagram_count++;
    skip_headers(&batch->datagrams[index], frame, OUTER_LENGTH(version));
    insert(batch, &outer, index);
    return 0;
}

void udp_flush(struct batch *batch) {
    for (uint64_t left = batch->chained; left != 0; left &= left - 1) {
        send_chain(batch, batch->chains[__builtin_ctzll(left)].first);
    }
    start(batch);
}
