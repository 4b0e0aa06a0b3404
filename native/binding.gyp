{
  "targets": [
    {
      "target_name": "linkspan",
      "sources": [
        "arguments.c",
        "buffer.c",
        "error.c",
        "failures.c",
        "frame.c",
        "memory.c",
        "module.c",
        "namespace.c",
        "netlink.c",
        "pace.c",
        "packet.c",
        "pair.c",
        "poller.c",
        "queue.c",
        "queue-message.c",
        "queue-packet.c",
        "queue-pair.c",
        "queue-stream.c",
        "queue-tap.c",
        "queue-udp.c",
        "receive.c",
        "receive-queue.c",
        "ring.c",
        "state.c",
        "tap.c",
        "transmit.c",
        "udp.c",
        "udp-batch.c",
        "udp-errors.c",
        "udp-header.c",
        "udp-send.c",
        "udp-senders.c",
        "udp-statistics.c",
        "unix.c",
        "watch.c"
      ],
      "defines": ["_GNU_SOURCE", "NAPI_VERSION=8"],
      "cflags": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
    }
  ]
}
