//! Sockets of a process, as macOS lays them out.

use ps_core::raw::{Union4, Union8};

use super::files::{ProcFileinfo, VinfoStat};

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// A buffer of a socket.
    "struct sockbuf_info" => pub struct SockbufInfo {
        sbi_cc: u32,
        sbi_hiwat: u32,
        sbi_mbcnt: u32,
        sbi_mbmax: u32,
        sbi_lowat: u32,
        sbi_flags: i16,
        sbi_timeo: i16,
    }

    /// An IPv4 address, in network byte order.
    "struct in_addr" => pub struct InAddr {
        s_addr: u32,
    }

    /// An IPv4 address where an IPv6 address has room.
    "struct in4in6_addr" => pub struct In4in6Addr {
        i46a_pad32: [u32; 3],
        i46a_addr4: InAddr,
    }

    /// `insi_v4` of `struct in_sockinfo`.
    "__typeof__(((struct in_sockinfo *)0)->insi_v4)" => pub struct InSockinfoInsiV4 {
        in4_tos: u8,
    }

    /// `insi_v6` of `struct in_sockinfo`.
    "__typeof__(((struct in_sockinfo *)0)->insi_v6)" => pub struct InSockinfoInsiV6 {
        in6_hlim: u8,
        in6_cksum: i32,
        in6_ifindex: u16,
        in6_hops: i16,
    }

    /// An Internet socket. Ports are in network byte order.
    "struct in_sockinfo" => pub struct InSockinfo {
        insi_fport: i32,
        insi_lport: i32,
        insi_gencnt: u64,
        insi_flags: u32,
        insi_flow: u32,
        insi_vflag: u8,
        insi_ip_ttl: u8,
        rfu_1: u32,
        insi_faddr: Union4<16>,
        insi_laddr: Union4<16>,
        insi_v4: InSockinfoInsiV4,
        insi_v6: InSockinfoInsiV6,
    }

    /// A TCP socket.
    "struct tcp_sockinfo" => pub struct TcpSockinfo {
        tcpsi_ini: InSockinfo,
        tcpsi_state: i32,
        tcpsi_timer: [i32; 4],
        tcpsi_mss: i32,
        tcpsi_flags: u32,
        rfu_1: u32,
        tcpsi_tp: u64,
    }

    /// The address of a local socket.
    "struct sockaddr_un" => pub struct SockaddrUn {
        sun_len: u8,
        sun_family: u8,
        sun_path: [u8; 104],
    }

    /// A local socket.
    "struct un_sockinfo" => pub struct UnSockinfo {
        unsi_conn_so: u64,
        unsi_conn_pcb: u64,
        unsi_addr: [u8; 255],
        unsi_caddr: [u8; 255],
    }

    /// A socket on a network driver.
    "struct ndrv_info" => pub struct NdrvInfo {
        ndrvsi_if_family: u32,
        ndrvsi_if_unit: u32,
        ndrvsi_if_name: [u8; 16],
    }

    /// A socket on kernel events.
    "struct kern_event_info" => pub struct KernEventInfo {
        kesi_vendor_code_filter: u32,
        kesi_class_filter: u32,
        kesi_subclass_filter: u32,
    }

    /// A socket on a kernel control.
    "struct kern_ctl_info" => pub struct KernCtlInfo {
        kcsi_id: u32,
        kcsi_reg_unit: u32,
        kcsi_flags: u32,
        kcsi_recvbufsize: u32,
        kcsi_sendbufsize: u32,
        kcsi_unit: u32,
        kcsi_name: [u8; 96],
    }

    /// A socket between virtual machines.
    "struct vsock_sockinfo" => pub struct VsockSockinfo {
        local_cid: u32,
        local_port: u32,
        remote_cid: u32,
        remote_port: u32,
    }

    /// A socket; `soi_kind` says which member of `soi_proto` holds the rest.
    "struct socket_info" => pub struct SocketInfo {
        soi_stat: VinfoStat,
        soi_so: u64,
        soi_pcb: u64,
        soi_type: i32,
        soi_protocol: i32,
        soi_family: i32,
        soi_options: i16,
        soi_linger: i16,
        soi_state: i16,
        soi_qlen: i16,
        soi_incqlen: i16,
        soi_qlimit: i16,
        soi_timeo: i16,
        soi_error: u16,
        soi_oobmark: u32,
        soi_rcv: SockbufInfo,
        soi_snd: SockbufInfo,
        soi_kind: i32,
        rfu_1: u32,
        soi_proto: Union8<528>,
    }

    /// An open socket, from `PROC_PIDFDSOCKETINFO`.
    "struct socket_fdinfo" => pub struct SocketFdinfo {
        pfi: ProcFileinfo,
        psi: SocketInfo,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub SOCKINFO_GENERIC: i32 = 0;
    pub SOCKINFO_IN: i32 = 1;
    pub SOCKINFO_TCP: i32 = 2;
    pub SOCKINFO_UN: i32 = 3;
    pub SOCKINFO_NDRV: i32 = 4;
    pub SOCKINFO_KERN_EVENT: i32 = 5;
    pub SOCKINFO_KERN_CTL: i32 = 6;
    pub SOCKINFO_VSOCK: i32 = 7;
    pub INI_IPV4: i32 = 1;
    pub INI_IPV6: i32 = 2;
    pub TSI_S_CLOSED: i32 = 0;
    pub TSI_S_LISTEN: i32 = 1;
    pub TSI_S_SYN_SENT: i32 = 2;
    pub TSI_S_SYN_RECEIVED: i32 = 3;
    pub TSI_S_ESTABLISHED: i32 = 4;
    pub TSI_S__CLOSE_WAIT: i32 = 5;
    pub TSI_S_FIN_WAIT_1: i32 = 6;
    pub TSI_S_CLOSING: i32 = 7;
    pub TSI_S_LAST_ACK: i32 = 8;
    pub TSI_S_FIN_WAIT_2: i32 = 9;
    pub TSI_S_TIME_WAIT: i32 = 10;
}

impl SocketInfo {
    /// The Internet socket it is; `None` for other kinds.
    #[must_use]
    pub fn internet(&self) -> Option<InSockinfo> {
        match self.soi_kind {
            SOCKINFO_IN => self.soi_proto.read().ok(),
            _ => Some(self.tcp()?.tcpsi_ini),
        }
    }

    /// The TCP socket it is; `None` for other kinds.
    #[must_use]
    pub fn tcp(&self) -> Option<TcpSockinfo> {
        (self.soi_kind == SOCKINFO_TCP).then(|| self.soi_proto.read().ok())?
    }

    /// The local socket it is; `None` for other kinds.
    #[must_use]
    pub fn local(&self) -> Option<UnSockinfo> {
        (self.soi_kind == SOCKINFO_UN).then(|| self.soi_proto.read().ok())?
    }
}

impl InSockinfo {
    /// The local port, and the remote one.
    #[must_use]
    pub fn ports(&self) -> (u16, u16) {
        (port(self.insi_lport), port(self.insi_fport))
    }
}

/// A port from a field that holds it in network byte order in its first two bytes.
fn port(field: i32) -> u16 {
    let [first, second, ..] = field.to_ne_bytes();
    u16::from_be_bytes([first, second])
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use ps_core::raw::Record as _;

    use super::*;

    const ANSWER: &[u8] = include_bytes!("../../fixtures/records/macos-tcp-socket.bin");

    #[test]
    fn a_tcp_socket_is_read_through_its_union() {
        let found = SocketFdinfo::from_bytes(ANSWER).expect("it is whole");
        let socket = found.psi;
        assert_eq!((found.pfi.fi_openflags, found.pfi.fi_status), (3, 2));
        assert_eq!((socket.soi_type, socket.soi_protocol, socket.soi_family), (1, 6, 2));
        assert_eq!((socket.soi_rcv.sbi_cc, socket.soi_snd.sbi_cc), (5, 6));
        let tcp = socket.tcp().expect("it is one");
        assert_eq!((tcp.tcpsi_state, tcp.tcpsi_mss), (TSI_S_ESTABLISHED, 1448));
        assert_eq!(tcp.tcpsi_tp, 0x8877_6655_4433_2211);
        let internet = socket.internet().expect("it is one");
        assert_eq!(internet.ports(), (8080, 50000));
        assert_eq!(internet.insi_laddr.0[12..], [127, 0, 0, 1]);
        assert_eq!(internet.insi_faddr.0[12..], [127, 0, 0, 2]);
        assert!(socket.local().is_none());
    }

    #[test]
    fn every_member_fits_into_the_union() {
        for kind in [SOCKINFO_IN, SOCKINFO_TCP, SOCKINFO_UN, SOCKINFO_GENERIC] {
            let socket = SocketInfo { soi_kind: kind, ..SocketInfo::zeroed() };
            assert_eq!(socket.internet().is_some(), kind == SOCKINFO_IN || kind == SOCKINFO_TCP);
            assert_eq!(socket.tcp().is_some(), kind == SOCKINFO_TCP);
            assert_eq!(socket.local().is_some(), kind == SOCKINFO_UN);
        }
    }
}
