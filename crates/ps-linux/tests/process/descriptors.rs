//! Descriptors, sockets, limits.

use std::collections::BTreeMap;
use std::io::{Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{UnixListener, UnixStream};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use ps_linux::net::{ConnectionKind, ConnectionQuery, ConnectionStatus, Endpoint, SocketFamily};
use ps_linux::process::{
    Descriptor, DescriptorDetails, DescriptorKind, OpenMode, ProcessBackend, ProcessView, Resource,
};
use ps_linux::{ControlBackend, Linux, LinuxView};

use crate::herd::{self, Member};
use crate::{Place, handle, is_invalid, view};

fn me() -> LinuxView {
    let linux = Linux::new();
    linux.view_of(linux.current().expect("known"))
}

fn all(view: &LinuxView) -> BTreeMap<i32, Descriptor> {
    let mut all = BTreeMap::new();
    view.for_each_descriptor(&mut |one| {
        all.insert(one.fd, one);
        ControlFlow::Continue(())
    })
    .expect("listed");
    all
}

#[test]
fn open_file_has_position_mode_and_flags_and_is_a_regular_file() {
    let place = Place::new("open");
    let path = place.file("a b");
    let mut file = std::fs::File::create(&path).expect("made");
    file.write_all(b"0123456789").expect("written");
    file.seek(SeekFrom::Start(4)).expect("sought");
    let appending =
        std::fs::OpenOptions::new().append(true).read(true).open(&path).expect("opened");
    let reading = std::fs::File::open(&path).expect("opened");
    let _directory = std::fs::File::open(&place.0).expect("opened");
    let _device = std::fs::File::open("/dev/null").expect("opened");
    let files = me().open_files().expect("listed");
    assert!(files.windows(2).all(|pair| pair[0].fd < pair[1].fd));
    let of = |fd: &dyn AsRawFd| {
        files.iter().find(|one| one.fd == fd.as_raw_fd()).expect("listed").clone()
    };
    let one = of(&file);
    assert_eq!((one.path.as_deref(), one.position), (Some(path.as_path()), Some(4)));
    assert_eq!(
        (one.mode, of(&appending).mode),
        (Some(OpenMode::Write), Some(OpenMode::ReadAppend))
    );
    assert_eq!(of(&reading).mode, Some(OpenMode::Read));
    let flags = one.flags.expect("told");
    assert_eq!(flags & 0o2_000_000, 0o2_000_000, "std closes on exec");
    let inside = |path: &std::path::PathBuf| {
        path.starts_with(&place.0) && *path != one.path.clone().expect("has one")
    };
    assert!(!files.iter().filter_map(|file| file.path.as_ref()).any(inside), "no directory");
    assert!(!files.iter().any(|file| file.path.as_deref() == Some("/dev/null".as_ref())));
}

#[test]
fn open_file_longer_than_32_bits_can_tell_is_listed() {
    const LENGTH: u64 = 5 << 30;
    let place = Place::new("long");
    let file = std::fs::File::create(place.file("long")).expect("made");
    if let Err(error) = file.set_len(LENGTH) {
        return ps_tests::skip!("no file may be that long here: {error}");
    }
    assert_eq!(all(&me()).remove(&file.as_raw_fd()).expect("listed").size, Some(LENGTH));
    let files = me().open_files().expect("listed");
    assert!(files.iter().any(|one| one.fd == file.as_raw_fd()));
}

#[test]
fn open_file_that_was_removed_is_not_listed_but_counted() {
    let place = Place::new("gone-file");
    let path = place.file("gone");
    let file = std::fs::File::create(&path).expect("made");
    let odd_path = place.file("odd (deleted)");
    let odd = std::fs::File::create(&odd_path).expect("made");
    std::fs::remove_file(&path).expect("removed");
    let files = me().open_files().expect("listed");
    assert!(!files.iter().any(|one| one.fd == file.as_raw_fd()));
    let found = files.iter().find(|one| one.fd == odd.as_raw_fd()).expect("listed");
    assert_eq!(found.path, Some(odd_path));
    let one = all(&me()).remove(&file.as_raw_fd()).expect("listed");
    assert_eq!((one.kind, one.path), (DescriptorKind::File, Some(path)));
}

#[test]
fn open_file_that_bears_the_mark_but_is_still_there_is_listed() {
    let file = std::fs::File::open("/proc/self/net/dev").expect("opened");
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    let path = std::fs::read_link(&link).expect("readable");
    let plain = path.to_str().expect("text").trim_end_matches(" (deleted)").to_owned();
    // Looked up once more, the name that the file was opened under is forgotten.
    std::fs::metadata(&plain).expect("there");
    let marked = std::fs::read_link(&link).expect("readable");
    println!("{}", marked.display());
    let files = me().open_files().expect("listed");
    let found = files.iter().find(|one| one.fd == file.as_raw_fd()).expect("listed");
    assert_eq!(found.path.as_deref(), Some(plain.as_ref()));
    // Another file under the same path is not the one that is open.
    let place = Place::new("replaced");
    let path = place.file("log");
    let file = std::fs::File::create(&path).expect("made");
    std::fs::remove_file(&path).expect("removed");
    let _next = std::fs::File::create(&path).expect("made");
    let files = me().open_files().expect("listed");
    assert!(!files.iter().any(|one| one.fd == file.as_raw_fd()));
}

/// What was made, unless this kernel was built without.
fn made<T>(what: &str, made: nix::Result<T>) -> Option<T> {
    if matches!(made, Err(nix::errno::Errno::ENOSYS)) {
        ps_tests::skip!("this kernel has no {what}");
        return None;
    }
    Some(made.expect(what))
}

fn of(fd: impl AsFd) -> Descriptor {
    all(&me()).remove(&fd.as_fd().as_raw_fd()).expect("listed")
}

#[test]
fn descriptors_of_pipes_sockets_and_devices_tell_their_details() {
    let pipe = std::io::pipe().expect("made");
    let one = of(&pipe.0);
    assert_eq!(one.kind, DescriptorKind::Pipe);
    let DescriptorDetails::Pipe { id, .. } = one.details else { panic!("{one:?}") };
    assert_eq!(Some(id), one.inode);
    let other = of(&pipe.1);
    assert_eq!((other.inode, other.open_mode), (Some(id), Some(OpenMode::Write)));
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let one = of(&socket);
    let DescriptorDetails::Socket(connection) = one.details else { panic!("{one:?}") };
    assert_eq!(connection.local, Some(Endpoint::Inet(socket.local_addr().expect("bound"))));
    assert_eq!(connection.fd, Some(socket.as_raw_fd()));
    let null = std::fs::File::open("/dev/null").expect("opened");
    let one = of(&null);
    assert_eq!((one.kind, one.path), (DescriptorKind::File, Some("/dev/null".into())));
    assert_eq!(one.special_device, Some(nix::sys::stat::makedev(1, 3)));
}

#[test]
fn descriptors_that_wait_for_something_tell_for_what() {
    use nix::sys::{eventfd::EventFd, inotify, signal, signalfd::SignalFd, timerfd};
    let told = |one: Descriptor| (one.kind, one.details);
    let pipe = std::io::pipe().expect("made");
    if let Some(epoll) = made("epoll", Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)) {
        epoll.add(pipe.0.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, 0)).expect("added");
        let one = of(&epoll.0);
        assert_eq!(one.close_on_exec, Some(true));
        let watched = vec![pipe.0.as_raw_fd()];
        assert_eq!(told(one), (DescriptorKind::Epoll, DescriptorDetails::Epoll { watched }));
    }
    if let Some(event) = made("eventfd", EventFd::from_value(0x1f)) {
        let details = DescriptorDetails::EventFd { count: 0x1f };
        assert_eq!(told(of(&event)), (DescriptorKind::EventFd, details));
    }
    let mut mask = signal::SigSet::empty();
    mask.add(signal::Signal::SIGUSR2);
    if let Some(signals) = made("signalfd", SignalFd::new(&mask)) {
        let one = of(&signals);
        assert_eq!(one.close_on_exec, Some(false));
        let DescriptorDetails::SignalFd { signals } = one.details else { panic!("{one:?}") };
        assert!(signals.contains(ps_linux::Signal::Usr2));
    }
    if let Some(watch) = made("inotify", inotify::Inotify::init(inotify::InitFlags::empty())) {
        watch.add_watch("/", inotify::AddWatchFlags::IN_DELETE_SELF).expect("watched");
        let details = DescriptorDetails::Inotify { watches: 1 };
        assert_eq!(told(of(&watch)), (DescriptorKind::Inotify, details));
    }
    let (clock, flags) = (timerfd::ClockId::CLOCK_MONOTONIC, timerfd::TimerFlags::empty());
    if let Some(timer) = made("timerfd", timerfd::TimerFd::new(clock, flags)) {
        let one = of(&timer);
        assert!(
            matches!(one.details, DescriptorDetails::TimerFd { clock: 1, expirations: 0, .. }),
            "{one:?}"
        );
    }
    let pin = Linux::new().pin(&handle(std::process::id()).identity).expect("pinned");
    if let Some(pidfd) = pin.pidfd() {
        let details = DescriptorDetails::Process { pid: Some(crate::pid(std::process::id())) };
        assert_eq!(told(of(pidfd)), (DescriptorKind::PidFd, details));
    }
}

#[test]
fn descriptor_whose_link_is_too_long_is_left_out() {
    use nix::fcntl::{OFlag, openat};
    use nix::sys::stat::{Mode, mkdirat};
    let place = Place::new("long");
    let all = Mode::from_bits_truncate(0o700);
    let open = |at: &dyn AsFd, flags| openat(at.as_fd(), "x".repeat(200).as_str(), flags, all);
    let mut inside = std::os::fd::OwnedFd::from(std::fs::File::open(&place.0).expect("opened"));
    // Together longer than any path may be.
    for _ in 0..25 {
        mkdirat(&inside, "x".repeat(200).as_str(), all).expect("made");
        inside = open(&inside, OFlag::O_DIRECTORY | OFlag::O_CLOEXEC).expect("opened");
    }
    let file = open(&inside, OFlag::O_CREAT | OFlag::O_WRONLY | OFlag::O_CLOEXEC).expect("made");
    let link = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    assert_eq!(link.expect_err("too long").raw_os_error(), Some(libc::ENAMETOOLONG));
    let look = me();
    assert!(!look.open_files().expect("listed").iter().any(|one| one.fd == file.as_raw_fd()));
    assert!(!self::all(&look).contains_key(&file.as_raw_fd()));
    assert!(look.num_fds().expect("counted") > 0);
}

#[test]
fn ten_thousand_descriptors_are_counted_and_listed() {
    if herd::raise_descriptor_limit() < 10_100 {
        return ps_tests::skip!("fewer than 10,100 descriptors are allowed here");
    }
    let member = Member::start("fds:10000");
    let look = view(member.id());
    let count = look.num_fds().expect("counted");
    assert!(count >= 10_003, "{count}");
    assert_eq!(all(&view(member.id())).len(), usize::try_from(count).expect("small"));
    // What it inherited from the test may be anything.
    let files = look.open_files().expect("listed");
    assert!(files.iter().all(|file| file.fd < 3), "devices are no regular files: {files:?}");
}

#[test]
fn descriptors_are_counted_as_they_are_listed() {
    let member = Member::start("wait");
    let listed = std::fs::read_dir(format!("/proc/{}/fd", member.id())).expect("listed").count();
    assert_eq!(usize::try_from(view(member.id()).num_fds().expect("counted")), Ok(listed));
}

#[test]
fn sockets_of_a_process_are_its_own_in_all_families() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("bound");
    let client = TcpStream::connect(address).expect("connects");
    let (server, _) = listener.accept().expect("accepts");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let six = TcpListener::bind("[::1]:0");
    let place = Place::new("unix");
    let path = place.file("so cket");
    let unix = UnixListener::bind(&path).expect("bound");
    let unix_client = UnixStream::connect(&path).expect("connects");
    let query = |kind| me().net_connections(&ConnectionQuery::new(kind)).expect("listed");
    let everything = query(ConnectionKind::All);
    let of = |fd: i32| everything.iter().find(|one| one.fd == Some(fd)).expect("listed");
    let me = Some(crate::pid(std::process::id()));
    let one = of(listener.as_raw_fd());
    assert_eq!(
        (one.status, one.local.clone()),
        (Some(ConnectionStatus::Listen), Some(Endpoint::Inet(address)))
    );
    assert_eq!((one.remote.clone(), one.pid), (None, me));
    let one = of(client.as_raw_fd());
    assert_eq!(
        (one.status, one.remote.clone()),
        (Some(ConnectionStatus::Established), Some(Endpoint::Inet(address)))
    );
    assert_eq!(of(server.as_raw_fd()).local, Some(Endpoint::Inet(address)));
    assert_eq!(of(udp.as_raw_fd()).status, None);
    if let Ok(six) = &six {
        assert_eq!(of(six.as_raw_fd()).family, SocketFamily::Inet6);
    }
    let one = of(unix.as_raw_fd());
    assert_eq!((one.family, one.local.clone()), (SocketFamily::Unix, Some(Endpoint::Path(path))));
    assert_eq!(of(unix_client.as_raw_fd()).family, SocketFamily::Unix);
    assert!(everything.iter().all(|one| one.pid == me && one.fd.is_some()));
    assert!(query(ConnectionKind::Udp).iter().all(|one| one.status.is_none()));
    let listening = ConnectionQuery::new(ConnectionKind::Tcp).with_status(ConnectionStatus::Listen);
    let listening = crate::view(std::process::id()).net_connections(&listening).expect("listed");
    assert!(listening.iter().all(|one| one.status == Some(ConnectionStatus::Listen)));
    assert!(listening.iter().any(|one| one.fd == Some(listener.as_raw_fd())));
}

#[test]
fn process_without_sockets_has_no_connections() {
    let member = Member::start("wait");
    let none = view(member.id()).net_connections(&ConnectionKind::All.into()).expect("listed");
    assert_eq!(none, []);
}

#[test]
fn limit_is_read_and_set_and_the_one_before_given_back() {
    use ps_linux::process::Limit;
    let member = Member::start("wait");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let before = view(member.id()).limit(Resource::OpenFiles).expect("readable");
    let new = Limit { soft: Some(17), hard: before.hard };
    assert_eq!(linux.set_limit(&handle, Resource::OpenFiles, new).expect("set"), before);
    assert_eq!(view(member.id()).limit(Resource::OpenFiles).expect("readable"), new);
    let text = std::fs::read_to_string(format!("/proc/{}/limits", member.id())).expect("readable");
    assert!(text.lines().any(|line| line.starts_with("Max open files            17 ")), "{text}");
    let lower = Limit { soft: Some(5), hard: Some(9) };
    linux.set_limit(&handle, Resource::OpenFiles, lower).expect("set");
    let raised =
        linux.set_limit(&handle, Resource::OpenFiles, Limit { soft: Some(5), hard: Some(10) });
    // With the capability, as root usually has it, the hard limit can be raised again.
    assert!(raised.is_ok() || crate::is_denied(raised));
    if !crate::may(&["sys_resource"], "raising a hard limit") {
        let now = view(member.id()).limit(Resource::OpenFiles).expect("readable");
        assert_eq!(now.hard, Some(9));
    }
    assert!(is_invalid(linux.set_limit(
        &handle,
        Resource::Core,
        Limit { soft: Some(2), hard: Some(1) }
    )));
    assert!(is_invalid(linux.set_limit(&handle, Resource::Swap, Limit::UNLIMITED)));
    assert!(is_invalid(view(member.id()).limit(Resource::Swap)));
    assert!(linux.limits_are_atomic());
}

#[test]
fn limits_by_call_and_by_file_are_the_same() {
    let member = Member::start("wait");
    let text = std::fs::read(format!("/proc/{}/limits", member.id())).expect("readable");
    for (name, resource) in Resource::NAMES {
        let in_file = ps_linux::decode::process::decode_limit(&text, *resource).expect("decodes");
        let Some(in_file) = in_file else { continue };
        assert_eq!(view(member.id()).limit(*resource).expect(name), in_file, "{name}");
    }
}

#[test]
fn descriptor_that_is_closed_while_listed_is_left_out() {
    let member = Member::start("churn-fds");
    crate::many_times(|| {
        let look = view(member.id());
        assert!(look.num_fds().expect("counted") >= 3);
        assert!(all(&look).len() >= 3);
        look.open_files().expect("listed");
        look.net_connections(&ConnectionKind::All.into()).expect("listed");
    });
}
