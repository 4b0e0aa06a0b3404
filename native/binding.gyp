{
  "targets": [
    {
      "target_name": "linkspan",
      "sources": [
        "arguments.c",
        "buffer.c",
        "error.c",
        "frame.c",
        "memory.c",
        "module.c",
        "namespace.c",
        "netlink.c",
        "packet.c",
        "pair.c",
        "poller.c",
        "queue.c",
        "queue-message.c",
        "queue-packet.c",
        "queue-pair.c",
        "queue-stream.c",
        "queue-tap.c",
        "receive.c",
        "state.c",
        "tap.c",
        "transmit.c",
        "unix.c",
        "watch.c"
      ],
      "defines": ["_GNU_SOURCE", "NAPI_VERSION=8"],
      "cflags": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
    }
  ]
}
