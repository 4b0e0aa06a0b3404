/** Link types (tcpdump.org/linktypes.html): those that one meets, so that an error can name them. */

export const LINKTYPE_ETHERNET = 1

const names: Readonly<Record<number, string>> = {
  0: 'NULL: BSD loopback',
  1: 'ETHERNET',
  6: 'IEEE802_5: Token Ring',
  9: 'PPP',
  12: 'RAW: IP without a link layer, as BSD numbers it',
  50: 'PPP_HDLC',
  51: 'PPP_ETHER: PPPoE',
  101: 'RAW: IP without a link layer',
  104: 'C_HDLC: Cisco HDLC',
  105: 'IEEE802_11: wireless LAN',
  107: 'FRELAY: Frame Relay',
  108: 'LOOP: OpenBSD loopback',
  113: 'LINUX_SLL: "tcpdump -i any"',
  127: 'IEEE802_11_RADIOTAP: wireless LAN',
  147: 'USER0',
  149: 'USER2',
  189: 'USB_LINUX',
  195: 'IEEE802_15_4_WITHFCS',
  220: 'USB_LINUX_MMAPPED',
  228: 'IPV4: without a link layer',
  229: 'IPV6: without a link layer',
  239: 'NFLOG',
  253: 'NETLINK',
  276: 'LINUX_SLL2: "tcpdump -i any"',
}

/** `113 (LINUX_SLL: "tcpdump -i any")`. */
export function linkTypeText(type: number): string {
  const name = names[type]
  return name === undefined ? String(type) : `${type} (${name})`
}
