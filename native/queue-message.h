/* Whom a datagram socket that is not connected sends its frames to: whoever sent last. */
#ifndef LINKSPAN_QUEUE_MESSAGE_H
#define LINKSPAN_QUEUE_MESSAGE_H

#include <stdbool.h>

/* False with errno set. */
bool keep_correspondent(int fd);

#endif
