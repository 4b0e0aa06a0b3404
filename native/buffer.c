#include "buffer.h"

#include <sys/socket.h>

static void widen(int fd, int force, int polite) {
    const int bytes = SOCKET_BUFFER;
    if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof bytes) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, polite, &bytes, sizeof bytes);
    }
}

void widen_buffers(int fd) {
    widen(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    widen(fd, SO_RCVBUFFORCE, SO_RCVBUF);
}
