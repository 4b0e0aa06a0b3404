/*
 * A packet socket's queue: a frame a message, behind its virtio header. The kernel takes the
 * outermost VLAN tag out of what comes in and tells it beside the frame (PACKET_AUXDATA): it is put
 * back here, so that the dataplane sees what was on the wire.
 */
#include "queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>

/* Destination and source: what stands before the first tag. */
#define ADDRESSES 12u
#define TAG 4u

/* struct virtio_net_hdr, all that a kernel before 6.4 knows: the header without num_buffers. */
#define SHORT_HEADER 10u

static void shift(uint8_t *field) {
    uint16_t value;
    memcpy(&value, field, sizeof value);
    value += TAG;
    memcpy(field, &value, sizeof value);
}

/*
 *   | virtio header | addresses | type …       before
 *   ↓ 4 bytes to the left
 *   | virtio header | addresses | tag | type … after; what lies behind the tag is not moved
 */
static void put_back(struct slot *slot, uint16_t protocol, uint16_t control) {
    uint8_t *header = slot->start - TAG;
    memmove(header, slot->start, VIRTIO_HEADER + ADDRESSES);
    const uint16_t tag[2] = {htons(protocol), htons(control)};
    memcpy(header + VIRTIO_HEADER + ADDRESSES, tag, sizeof tag);
    if ((header[offsetof(struct virtio_net_hdr, flags)] & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        shift(header + offsetof(struct virtio_net_hdr, csum_start));
    }
    if (header[offsetof(struct virtio_net_hdr, gso_type)] != VIRTIO_NET_HDR_GSO_NONE) {
        shift(header + offsetof(struct virtio_net_hdr, hdr_len));
    }
    slot->before = TAG;
}

/* What the kernel says beside the frame; false if nothing. */
static bool read_auxiliary(struct msghdr *message, struct tpacket_auxdata *auxiliary) {
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    if (control == NULL || control->cmsg_level != SOL_PACKET ||
        control->cmsg_type != PACKET_AUXDATA) {
        return false;
    }
    memcpy(auxiliary, CMSG_DATA(control), sizeof *auxiliary);
    return true;
}

static int64_t receive(int fd, struct slot *slot, uint32_t header) {
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct iovec pieces[] = {{slot->start, header},
                             {slot->start + VIRTIO_HEADER, FRAME_ROOM - VIRTIO_HEADER}};
    struct msghdr message = {.msg_iov = pieces,
                             .msg_iovlen = 2,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t count = socket_receive(fd, &message);
    if (count < 0) {
        return -(int64_t)errno;
    }
    memset(slot->start + SHORT_HEADER, 0, VIRTIO_HEADER - SHORT_HEADER);
    int64_t length = (int64_t)count - header + VIRTIO_HEADER;
    struct tpacket_auxdata auxiliary;
    if (length >= VIRTIO_HEADER + ADDRESSES && read_auxiliary(&message, &auxiliary) &&
        (auxiliary.tp_status & TP_STATUS_VLAN_VALID) != 0) {
        bool told = (auxiliary.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
        put_back(slot, told ? auxiliary.tp_vlan_tpid : ETH_P_8021Q, auxiliary.tp_vlan_tci);
        length += TAG;
    }
    return length;
}

static int64_t packet_read(int fd, struct slot *slot) {
    return receive(fd, slot, VIRTIO_HEADER);
}

static int64_t packet_short_read(int fd, struct slot *slot) {
    return receive(fd, slot, SHORT_HEADER);
}

static int send_pieces(int fd, struct iovec *pieces, int count) {
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
    return socket_send(fd, &message) < 0 ? errno : 0;
}

static int packet_write(int fd, const struct iovec *pieces, int count) {
    struct iovec all[2] = {pieces[0], count > 1 ? pieces[1] : (struct iovec){NULL, 0}};
    return send_pieces(fd, all, count);
}

static int packet_short_write(int fd, const struct iovec *pieces, int count) {
    struct iovec all[3];
    if (!skip_header(pieces, count, all + 1)) {
        return EINVAL;
    }
    all[0] = (struct iovec){pieces[0].iov_base, SHORT_HEADER};
    return send_pieces(fd, all, 3);
}

const struct queue_operations packet_queue = {
    .reserve = TAG, .read = packet_read, .write = packet_write};
const struct queue_operations packet_short_queue = {
    .reserve = TAG, .read = packet_short_read, .write = packet_short_write};
