/** Programs that every probe needs which reads packets (`bpf/packet.bpf.c`): attached once, whoever asks. */

/** What passes at a socket either way, and who made the socket. */
export const packetPrograms = [
  ['hg_packet_egress'],
  ['hg_packet_ingress'],
  ['hg_packet_create'],
] as const

/** Sockets that are older. */
export const packetStartIterators = ['hg_packet_inherit'] as const
