/* Whom a datagram socket that is not connected sends its frames to. */
#ifndef LINKSPAN_QUEUE_MESSAGE_H
#define LINKSPAN_QUEUE_MESSAGE_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * One address for good, looked up anew at every frame, so that whoever comes back under it is
 * reached; or, with NULL, whoever sent last. False with errno set.
 */
bool keep_correspondent(int fd, const struct sockaddr_un *address, socklen_t length);

#endif
