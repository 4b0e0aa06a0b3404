/* The state of a stream of frames, which its descriptor must have before it is a queue. */
#ifndef LINKSPAN_QUEUE_STREAM_H
#define LINKSPAN_QUEUE_STREAM_H

#include <stdbool.h>

/* False with errno set. */
bool keep_stream(int fd);

#endif
