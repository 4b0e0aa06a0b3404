#include "buffer.h"

#include <sys/socket.h>

static void widen(int fd, int force, int polite, int bytes) {
    if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof bytes) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, polite, &bytes, sizeof bytes);
    }
}

void widen_send_buffer(int fd, int bytes) {
    widen(fd, SO_SNDBUFFORCE, SO_SNDBUF, bytes);
}

void widen_receive_buffer(int fd, int bytes) {
    widen(fd, SO_RCVBUFFORCE, SO_RCVBUF, bytes);
}

void widen_buffers(int fd) {
    widen_send_buffer(fd, SOCKET_BUFFER);
    widen_receive_buffer(fd, SOCKET_BUFFER);
}
