/* Every function that the addon exports: its name in JavaScript, its name here. */
#ifndef LINKSPAN_FUNCTIONS_H
#define LINKSPAN_FUNCTIONS_H

#include <node_api.h>

#define FUNCTIONS(X)                                                                               \
    X(tapFeatures, tap_features)                                                                   \
    X(tapOpen, tap_open)                                                                           \
    X(tapInfo, tap_info)                                                                           \
    X(tapSetOffload, tap_set_offload)                                                              \
    X(tapVnetHeaderSize, tap_vnet_header_size)                                                     \
    X(tapSetVnetHeaderSize, tap_set_vnet_header_size)                                              \
    X(tapDetach, tap_detach)                                                                       \
    X(tapSetPersist, tap_set_persist)                                                              \
    X(tapSetOwner, tap_set_owner)                                                                  \
    X(tapSetGroup, tap_set_group)                                                                  \
    X(close, close_descriptor)                                                                     \
    X(namespaceOpen, namespace_open)                                                               \
    X(netlinkOpen, netlink_open)                                                                   \
    X(netlinkSend, netlink_send)                                                                   \
    X(netlinkReceive, netlink_receive)                                                             \
    X(watch, watch_start)                                                                          \
    X(unwatch, watch_stop)                                                                         \
    X(packetOpen, packet_open)                                                                     \
    X(packetPromiscuous, packet_promiscuous)                                                       \
    X(packetDrops, packet_drops)                                                                   \
    X(packetInterface, packet_interface)                                                           \
    X(packetSender, packet_sender)                                                                 \
    X(ringOpen, ring_open)                                                                         \
    X(ringRead, ring_read)                                                                         \
    X(ringDrops, ring_drops)                                                                       \
    X(ringClose, ring_close)                                                                       \
    X(awaitTime, await_time)                                                                       \
    X(timerSlack, timer_slack)                                                                     \
    X(awaitFrames, await_frames)                                                                   \
    X(sendFrames, send_frames)                                                                     \
    X(unixListen, unix_listen)                                                                     \
    X(unixAccept, unix_accept)                                                                     \
    X(unixConnect, unix_connect)                                                                   \
    X(unixCorrespond, unix_correspond)                                                             \
    X(unixReach, unix_reach)                                                                       \
    X(unixUnread, unix_unread)                                                                     \
    X(streamFlush, stream_flush)                                                                   \
    X(streamFault, stream_fault)                                                                   \
    X(udpOpen, udp_open)                                                                           \
    X(udpErrors, udp_errors)                                                                       \
    X(receiveQueue, receive_queue)                                                                 \
    X(udpStatistics, udp_statistics)                                                               \
    X(pairCreate, pair_create)                                                                     \
    X(readFrame, read_frame)                                                                       \
    X(writeFrame, write_frame)                                                                     \
    X(pollerCreate, poller_create)                                                                 \
    X(pollerAdd, poller_add)                                                                       \
    X(pollerRemove, poller_remove)                                                                 \
    X(hasFailed, poller_has_failed)                                                                \
    X(wake, poller_wake)                                                                           \
    X(wait, poller_wait)                                                                           \
    X(attach, memory_attach)                                                                       \
    X(readBurst, read_burst)                                                                       \
    X(writeEntries, write_entries)

#define DECLARE(name, function) napi_value function(napi_env env, napi_callback_info info);
FUNCTIONS(DECLARE)
#undef DECLARE

#endif
