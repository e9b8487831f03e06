//! Interfaces, addresses and sockets, as FreeBSD lays them out.

use ps_core::raw::{Union4, Union8};

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// `__ifi_lastchange.ph` of `struct if_data`.
    "__typeof__(((struct if_data *)0)->__ifi_lastchange.ph)" => pub struct IfDataPh {
        ph1: u64,
        ph2: u64,
    }

    /// The counters of an interface.
    "struct if_data" => pub struct IfData {
        ifi_type: u8,
        ifi_physical: u8,
        ifi_addrlen: u8,
        ifi_hdrlen: u8,
        ifi_link_state: u8,
        ifi_vhid: u8,
        ifi_datalen: u16,
        ifi_mtu: u32,
        ifi_metric: u32,
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
        ifi_oqdrops: u64,
        ifi_noproto: u64,
        ifi_hwassist: u64,
        ifi_epoch: Union8<8> = "__ifi_epoch",
        ifi_lastchange: Union8<16> = "__ifi_lastchange",
    }

    /// An interface in the answer of the routing tables.
    "struct if_msghdr" => pub struct IfMsghdr {
        ifm_msglen: u16,
        ifm_version: u8,
        ifm_type: u8,
        ifm_addrs: i32,
        ifm_flags: i32,
        ifm_index: u16,
        _ifm_spare1: u16,
        ifm_data: IfData,
    }

    /// An address in the answer of the routing tables.
    "struct ifa_msghdr" => pub struct IfaMsghdr {
        ifam_msglen: u16,
        ifam_version: u8,
        ifam_type: u8,
        ifam_addrs: i32,
        ifam_flags: i32,
        ifam_index: u16,
        _ifam_spare1: u16,
        ifam_metric: i32,
    }

    /// An interface, from `net.link.generic.ifdata.N`.
    "struct ifmibdata" => pub struct Ifmibdata {
        ifmd_name: [u8; 16],
        ifmd_pcount: i32,
        ifmd_flags: i32,
        ifmd_snd_len: i32,
        ifmd_snd_maxlen: i32,
        ifmd_snd_drops: i32,
        ifmd_filler: [i32; 4],
        ifmd_data: IfData,
    }

    /// The medium of an interface, from `SIOCGIFXMEDIA`.
    "struct ifmediareq" => pub struct Ifmediareq {
        ifm_name: [u8; 16],
        ifm_current: i32,
        ifm_mask: i32,
        ifm_status: i32,
        ifm_active: i32,
        ifm_count: i32,
        ifm_ulist: u64,
    }

    /// A link-level address. The name is counted by `sdl_nlen`, the address follows it.
    "struct sockaddr_dl" => pub struct SockaddrDl {
        sdl_len: u8,
        sdl_family: u8,
        sdl_index: u16,
        sdl_type: u8,
        sdl_nlen: u8,
        sdl_alen: u8,
        sdl_slen: u8,
        sdl_data: [u8; 46],
    }

    /// Encloses the lists of Internet sockets: if the generations differ, the list changed
    /// meanwhile.
    "struct xinpgen" => pub struct Xinpgen {
        xig_len: u64,
        xig_count: u32,
        _xig_spare32: u32,
        xig_gen: u64,
        xig_sogen: u64,
        _xig_spare64: [u64; 4],
    }

    /// A buffer of a socket.
    "struct xsockbuf" => pub struct Xsockbuf {
        sb_cc: u32,
        sb_hiwat: u32,
        sb_mbcnt: u32,
        sb_spare0: u32,
        sb_spare1: u32,
        sb_mbmax: u32,
        sb_lowat: i32,
        sb_timeo: i32,
        sb_flags: i16,
    }

    /// A socket.
    "struct xsocket" => pub struct Xsocket {
        xso_len: u64,
        xso_so: u64,
        so_pcb: u64,
        so_oobmark: u64,
        so_splice_so: u64,
        so_spare64: [i64; 7],
        xso_protocol: i32,
        xso_family: i32,
        so_qlen: u32,
        so_incqlen: u32,
        so_qlimit: u32,
        so_pgid: i32,
        so_uid: u32,
        _so_spare32: [i32; 8],
        so_type: i16,
        so_options: i16,
        so_linger: i16,
        so_state: i16,
        so_timeo: i16,
        so_error: u16,
        so_rcv: Xsockbuf,
        so_snd: Xsockbuf,
    }

    /// An IPv4 address, in network byte order.
    "struct in_addr" => pub struct InAddr {
        s_addr: u32,
    }

    /// An IPv4 address where an IPv6 address has room.
    "struct in_addr_4in6" => pub struct InAddr4in6 {
        ia46_pad32: [u32; 3],
        ia46_addr4: InAddr,
    }

    /// Both ends of an Internet socket. Ports are in network byte order.
    "struct in_endpoints" => pub struct InEndpoints {
        ie_fport: u16,
        ie_lport: u16,
        ie_dependfaddr: Union4<16>,
        ie_dependladdr: Union4<16>,
        ie6_zoneid: u32,
    }

    /// Both ends of an Internet socket and the routing table they belong to.
    "struct in_conninfo" => pub struct InConninfo {
        inc_flags: u8,
        inc_len: u8,
        inc_fibnum: u16,
        inc_ie: InEndpoints,
    }

    /// An Internet socket.
    "struct xinpcb" => pub struct Xinpcb {
        xi_len: u64,
        xi_socket: Xsocket,
        inp_inc: InConninfo,
        inp_gencnt: u64,
        _inp_spare64: [i64; 5],
        inp_flow: u32,
        inp_flowid: u32,
        inp_flowtype: u32,
        inp_flags: i32,
        inp_flags2: i32,
        inp_unused: u32,
        in6p_cksum: i32,
        inp_spare32: [i32; 4],
        in6p_hops: u16,
        inp_ip_tos: u8,
        pad8: i8,
        inp_vflag: u8,
        inp_ip_ttl: u8,
        inp_ip_p: u8,
        inp_ip_minttl: u8,
        inp_spare8: [i8; 4],
    }

    /// A TCP socket, from `net.inet.tcp.pcblist`.
    "struct xtcpcb" => pub struct Xtcpcb {
        xt_len: u64,
        xt_inp: Xinpcb,
        xt_stack: [u8; 32],
        xt_logid: [u8; 64],
        xt_cc: [u8; 16],
        spare64: [i64; 6],
        t_state: i32,
        t_flags: u32,
        t_sndzerowin: i32,
        t_sndrexmitpack: i32,
        t_rcvoopack: i32,
        t_rcvtime: i32,
        tt_rexmt: i32,
        tt_persist: i32,
        tt_keep: i32,
        tt_2msl: i32,
        tt_delack: i32,
        t_logstate: i32,
        t_snd_cwnd: u32,
        t_snd_ssthresh: u32,
        t_maxseg: u32,
        t_rcv_wnd: u32,
        t_snd_wnd: u32,
        xt_ecn: u32,
        t_dsack_bytes: u32,
        t_dsack_tlp_bytes: u32,
        t_dsack_pack: u32,
        xt_encaps_port: u16,
        spare16: i16,
        spare32: [i32; 22],
    }

    /// The address of a local socket.
    "struct sockaddr_un" => pub struct SockaddrUn {
        sun_len: u8,
        sun_family: u8,
        sun_path: [u8; 104],
    }

    /// A local socket, from `net.local.*.pcblist`.
    "struct xunpcb" => pub struct Xunpcb {
        xu_len: u64,
        xu_unpp: u64,
        unp_vnode: u64,
        unp_conn: u64,
        xu_firstref: u64,
        xu_nextref: u64,
        unp_gencnt: u64,
        xu_spare64: [i64; 8],
        xu_spare32: [i32; 8],
        xu_dummy1: [u8; 256],
        xu_dummy2: [u8; 256],
        xu_socket: Xsocket,
    }

    /// Encloses the lists of local sockets: if the generations differ, the list changed meanwhile.
    "struct xunpgen" => pub struct Xunpgen {
        xug_len: u64,
        xug_count: u32,
        xug_gen: u64,
        xug_sogen: u64,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub CTL_NET: i32 = 4;
    pub PF_ROUTE: i32 = 17;
    pub AF_ROUTE: i32 = 17;
    pub AF_UNSPEC: i32 = 0;
    pub AF_UNIX: i32 = 1;
    pub AF_INET: i32 = 2;
    pub AF_INET6: i32 = 28;
    pub AF_LINK: i32 = 18;
    pub PF_LINK: i32 = 18;
    pub NETLINK_GENERIC: i32 = 0;
    pub IFMIB_SYSTEM: i32 = 1;
    pub IFMIB_IFCOUNT: i32 = 1;
    pub IFMIB_IFDATA: i32 = 2;
    pub IFDATA_GENERAL: i32 = 1;
    pub NET_RT_IFLIST: i32 = 3;
    pub NET_RT_DUMP: i32 = 1;
    pub NET_RT_FLAGS: i32 = 2;
    pub RTM_VERSION: i32 = 5;
    pub RTM_IFINFO: i32 = 14;
    pub RTM_NEWADDR: i32 = 12;
    pub RTA_DST: i32 = 1;
    pub RTA_GATEWAY: i32 = 2;
    pub RTA_NETMASK: i32 = 4;
    pub RTA_IFP: i32 = 0x10;
    pub RTA_IFA: i32 = 0x20;
    pub RTA_BRD: i32 = 0x80;
    pub RTAX_MAX: i32 = 8;
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
    pub IPPROTO_DIVERT: i32 = 258;
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
    pub INP_IPV4: i32 = 1;
    pub INP_IPV6: i32 = 2;
    pub IFF_UP: i32 = 1;
    pub IFF_BROADCAST: i32 = 2;
    pub IFF_DEBUG: i32 = 4;
    pub IFF_LOOPBACK: i32 = 8;
    pub IFF_POINTOPOINT: i32 = 0x10;
    pub IFF_RUNNING: i32 = 0x40;
    pub IFF_DRV_RUNNING: i32 = 0x40;
    pub IFF_NOARP: i32 = 0x80;
    pub IFF_PROMISC: i32 = 0x100;
    pub IFF_ALLMULTI: i32 = 0x200;
    pub IFF_OACTIVE: i32 = 0x400;
    pub IFF_DRV_OACTIVE: i32 = 0x400;
    pub IFF_SIMPLEX: i32 = 0x800;
    pub IFF_LINK0: i32 = 0x1000;
    pub IFF_LINK1: i32 = 0x2000;
    pub IFF_LINK2: i32 = 0x4000;
    pub IFF_MULTICAST: i32 = 0x8000;
    pub IFF_STATICARP: i32 = 0x80000;
    pub IFF_MONITOR: i32 = 0x40000;
    pub IFF_DYING: i32 = 0x200000;
    pub IFNAMSIZ: i32 = 16;
    pub LINK_STATE_UNKNOWN: i32 = 0;
    pub LINK_STATE_DOWN: i32 = 1;
    pub LINK_STATE_UP: i32 = 2;
    pub SO_ACCEPTCONN: i32 = 2;
    pub SIOCGIFMEDIA: u32 = 0xc030_6938;
    pub SIOCGIFXMEDIA: u32 = 0xc030_698b;
    pub IFM_AVALID: i32 = 1;
    pub IFM_ACTIVE: i32 = 2;
    pub IFM_NMASK: i32 = 0xe0;
    pub IFM_TMASK: i32 = 0x1f;
    pub IFM_ETHER: i32 = 0x20;
    pub IFM_IEEE80211: i32 = 0x80;
    pub IFM_ETH_XTYPE: i32 = 0x7800;
    pub IFM_ETH_XSHIFT: i32 = 6;
    pub IFM_FDX: i32 = 0x10_0000;
    pub IFM_HDX: i32 = 0x20_0000;
    pub IFM_10_T: i32 = 3;
    pub IFM_100_TX: i32 = 6;
    pub IFM_1000_T: i32 = 16;
    pub IFM_10G_T: i32 = 26;
    pub IFM_2500_T: i32 = 0x805;
    pub IFM_25G_SR: i32 = 0x817;
    pub IFM_400G_DR4: i32 = 0x1813;
    pub IFM_IEEE80211_OFDM54: i32 = 17;
    pub SS_ISCONNECTED: i32 = 2;
}
