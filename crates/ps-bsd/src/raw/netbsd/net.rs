//! Interfaces, addresses and sockets, as NetBSD lays them out.

use super::host::Timespec;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// The counters of an interface.
    "struct if_data" => pub struct IfData {
        ifi_type: u8,
        ifi_addrlen: u8,
        ifi_hdrlen: u8,
        ifi_link_state: i32,
        ifi_mtu: u64,
        ifi_metric: u64,
        ifi_baudrate: u64,
        ifi_ipackets: u64,
        ifi_ierrors: u64,
        ifi_opackets: u64,
        ifi_oerrors: u64,
        ifi_collisions: u64,
        ifi_ibytes: u64,
        ifi_obytes: u64,
        ifi_imcasts: u64,
        ifi_omcasts: u64,
        ifi_iqdrops: u64,
        ifi_noproto: u64,
        ifi_lastchange: Timespec,
    }

    /// An interface in the answer of the routing tables.
    "struct if_msghdr" => pub struct IfMsghdr {
        ifm_msglen: u16,
        ifm_version: u8,
        ifm_type: u8,
        ifm_addrs: i32,
        ifm_flags: i32,
        ifm_index: u16,
        ifm_data: IfData,
    }

    /// An address in the answer of the routing tables.
    "struct ifa_msghdr" => pub struct IfaMsghdr {
        ifam_msglen: u16,
        ifam_version: u8,
        ifam_type: u8,
        ifam_index: u16,
        ifam_flags: i32,
        ifam_addrs: i32,
        ifam_pid: i32,
        ifam_addrflags: i32,
        ifam_metric: i32,
        /// The record is aligned to eight bytes although its fields are not.
        _align: [u64; 0],
    }

    /// What `SIOCGIFMEDIA` tells of the medium of an interface.
    "struct ifmediareq" => pub struct Ifmediareq {
        ifm_name: [u8; 16],
        ifm_current: i32,
        ifm_mask: i32,
        ifm_status: i32,
        ifm_active: i32,
        ifm_count: i32,
        ifm_ulist: u64,
    }

    /// A link-level address with the name of its interface.
    "struct dl_addr" => pub struct DlAddr {
        dl_type: u8,
        dl_nlen: u8,
        dl_alen: u8,
        dl_slen: u8,
        dl_data: [u8; 24],
    }

    /// A link-level address. The name is counted by `sdl_nlen`, the address follows it.
    "struct sockaddr_dl" => pub struct SockaddrDl {
        sdl_len: u8,
        sdl_family: u8,
        sdl_index: u16,
        sdl_addr: DlAddr,
    }

    /// A socket address, cut short.
    "struct sockaddr" => pub struct Sockaddr {
        sa_len: u8,
        sa_family: u8,
        sa_data: [u8; 14],
    }

    /// A socket, from `net.*.pcblist`.
    "struct kinfo_pcb" => pub struct KinfoPcb {
        ki_pcbaddr: u64,
        ki_ppcbaddr: u64,
        ki_sockaddr: u64,
        ki_family: u32,
        ki_type: u32,
        ki_protocol: u32,
        ki_pflags: u32,
        ki_sostate: u32,
        ki_prstate: u32,
        ki_tstate: i32,
        ki_tflags: u32,
        ki_rcvq: u64,
        ki_sndq: u64,
        ki_s: [u8; 264],
        ki_d: [u8; 264],
        ki_inode: u64,
        ki_vnode: u64,
        ki_conn: u64,
        ki_refs: u64,
        ki_nextref: u64,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub CTL_NET: i32 = 4;
    pub PF_ROUTE: i32 = 34;
    pub AF_ROUTE: i32 = 34;
    pub AF_UNSPEC: i32 = 0;
    pub AF_UNIX: i32 = 1;
    pub AF_INET: i32 = 2;
    pub AF_INET6: i32 = 24;
    pub AF_LINK: i32 = 18;
    pub PF_LINK: i32 = 18;
    pub NET_RT_IFLIST: i32 = 6;
    pub NET_RT_DUMP: i32 = 1;
    pub NET_RT_FLAGS: i32 = 2;
    pub RTM_VERSION: i32 = 4;
    pub RTM_IFINFO: i32 = 20;
    pub RTM_NEWADDR: i32 = 22;
    pub RTA_DST: i32 = 1;
    pub RTA_GATEWAY: i32 = 2;
    pub RTA_NETMASK: i32 = 4;
    pub RTA_IFP: i32 = 0x10;
    pub RTA_IFA: i32 = 0x20;
    pub RTA_BRD: i32 = 0x80;
    pub RTAX_MAX: i32 = 9;
    pub RTAX_DST: i32 = 0;
    pub RTAX_GATEWAY: i32 = 1;
    pub RTAX_NETMASK: i32 = 2;
    pub RTAX_IFP: i32 = 4;
    pub RTAX_IFA: i32 = 5;
    pub RTAX_BRD: i32 = 7;
    pub SOCK_STREAM: i32 = 1;
    pub SOCK_DGRAM: i32 = 2;
    pub SOCK_RAW: i32 = 3;
    pub SOCK_RDM: i32 = 4;
    pub SOCK_SEQPACKET: i32 = 5;
    pub IPPROTO_IP: i32 = 0;
    pub IPPROTO_ICMP: i32 = 1;
    pub IPPROTO_TCP: i32 = 6;
    pub IPPROTO_UDP: i32 = 17;
    pub IPPROTO_IPV6: i32 = 41;
    pub IPPROTO_ICMPV6: i32 = 58;
    pub IPPROTO_SCTP: i32 = 132;
    pub TCPS_CLOSED: i32 = 0;
    pub TCPS_LISTEN: i32 = 1;
    pub TCPS_SYN_SENT: i32 = 2;
    pub TCPS_SYN_RECEIVED: i32 = 3;
    pub TCPS_ESTABLISHED: i32 = 4;
    pub TCPS_CLOSE_WAIT: i32 = 5;
    pub TCPS_FIN_WAIT_1: i32 = 6;
    pub TCPS_CLOSING: i32 = 7;
    pub TCPS_LAST_ACK: i32 = 8;
    pub TCPS_FIN_WAIT_2: i32 = 9;
    pub TCPS_TIME_WAIT: i32 = 10;
    pub IFF_UP: i32 = 1;
    pub IFF_BROADCAST: i32 = 2;
    pub IFF_DEBUG: i32 = 4;
    pub IFF_LOOPBACK: i32 = 8;
    pub IFF_POINTOPOINT: i32 = 0x10;
    pub IFF_RUNNING: i32 = 0x40;
    pub IFF_NOARP: i32 = 0x80;
    pub IFF_PROMISC: i32 = 0x100;
    pub IFF_ALLMULTI: i32 = 0x200;
    pub IFF_OACTIVE: i32 = 0x400;
    pub IFF_SIMPLEX: i32 = 0x800;
    pub IFF_LINK0: i32 = 0x1000;
    pub IFF_LINK1: i32 = 0x2000;
    pub IFF_LINK2: i32 = 0x4000;
    pub IFF_MULTICAST: i32 = 0x8000;
    pub IFNAMSIZ: i32 = 16;
    pub LINK_STATE_UNKNOWN: i32 = 0;
    pub LINK_STATE_DOWN: i32 = 1;
    pub LINK_STATE_UP: i32 = 2;
    pub IFM_ETHER: i32 = 0x20;
    pub IFM_FDX: i32 = 0x100000;
    pub IFM_HDX: i32 = 0x200000;
    pub IFM_AVALID: i32 = 1;
    pub IFM_ACTIVE: i32 = 2;
    pub SIOCGIFMEDIA: u64 = 0xc030_6938;
    pub SO_ACCEPTCONN: i32 = 2;
    pub SS_ISCONNECTED: i32 = 2;
    pub PCB_ALL: i32 = 0;
    pub PCB_SLOP: i32 = 20;
}
