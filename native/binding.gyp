{
  "targets": [
    {
      "target_name": "linkspan",
      "sources": [
        "arguments.c",
        "buffer.c",
        "error.c",
        "memory.c",
        "module.c",
        "namespace.c",
        "netlink.c",
        "packet.c",
        "pair.c",
        "poller.c",
        "receive.c",
        "tap.c",
        "transmit.c",
        "watch.c"
      ],
      "defines": ["_GNU_SOURCE", "NAPI_VERSION=8"],
      "cflags": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
    }
  ]
}
