/* Room in a socket's buffers. */
#ifndef LINKSPAN_BUFFER_H
#define LINKSPAN_BUFFER_H

/*
 * What a socket of frames asks for, each way. The kernel doubles it for its own book-keeping;
 * memory is taken only while frames wait.
 */
#define SOCKET_BUFFER (4 * 1024 * 1024)

/* Beyond net.core.rmem_max and wmem_max where we may (CAP_NET_ADMIN), else up to them. */
void widen_buffers(int fd);
void widen_send_buffer(int fd, int bytes);
void widen_receive_buffer(int fd, int bytes);

#endif
