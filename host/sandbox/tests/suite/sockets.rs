//! `wasi:sockets`: a server listens on its workload's address, a client reaches what it may.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt as _, ready};
use sandbox::{ResolveError, Sockets, Workload};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::harness::{Kept, until, workload_with};

/// Listens on one address and connects to another; knows one name.
struct Rules {
    local: IpAddr,
    friend: SocketAddr,
}

impl Sockets for Rules {
    fn local(&self) -> Option<IpAddr> {
        Some(self.local)
    }

    fn may_listen(&self, port: u16) -> bool {
        port != 22
    }

    fn may_connect(&self, address: SocketAddr) -> bool {
        address == self.friend
    }

    fn resolve(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, ResolveError>> {
        ready(if name == "friend.test" { Ok(vec![self.friend.ip()]) } else { Err(ResolveError::Unresolvable) }).boxed()
    }
}

fn command(args: &[&str], env: &[(&str, &str)], rules: Option<Rules>) -> (Workload, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    let workload = workload_with("tcp", |config| {
        config.args = ["tcp"].iter().chain(args).map(ToString::to_string).collect();
        config.env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        if let Some(rules) = rules {
            config.sockets = Arc::new(rules);
        }
        kept.watch(config);
    });
    (workload, kept)
}

/// An address of this machine that no other test has.
fn local(last: u8) -> IpAddr {
    [127, 77, 3, last].into()
}

// C70: a server is a command that does not end.
#[tokio::test]
async fn a_server_gets_its_workloads_own_address_and_answers_many_at_once() {
    let rules = Rules { local: local(1), friend: ([127, 0, 0, 1], 1).into() };
    let (server, kept) = command(&[], &[("PORT", "7000"), ("HOSTNAME", "me")], Some(rules));
    let running = tokio::spawn({
        let server = server.clone();
        async move { server.run().await }
    });
    until("it listens", || kept.stdout().contains("listening on 127.77.3.1:7000") || running.is_finished()).await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(BufReader::new(TcpStream::connect((local(1), 7000)).await.unwrap()));
    }
    assert!(TcpStream::connect("127.0.0.1:7000").await.is_err(), "the machine's other addresses are not its own");
    for (at, stream) in streams.iter_mut().enumerate().rev() {
        stream.write_all(format!("line {at}\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        assert_eq!(line, format!("me line {at}\n"));
    }
    server.kill();
    running.await.unwrap().unwrap_err();
    assert!(TcpStream::connect((local(1), 7000)).await.is_err(), "its sockets are gone with it");
}

#[tokio::test]
async fn a_port_that_is_not_allowed_is_not_listened_on() {
    let rules = Rules { local: local(2), friend: ([127, 0, 0, 1], 1).into() };
    let (server, kept) = command(&[], &[("PORT", "22")], Some(rules));
    assert_eq!(server.run().await, Ok(1), "{}", kept.stderr());
    let (server, kept) = command(&[], &[("PORT", "7000")], None);
    assert_eq!(server.run().await, Ok(1), "without sockets there are none: {}", kept.stderr());
}

// F78
#[tokio::test]
async fn a_client_reaches_whom_it_may_by_name_or_address_and_nobody_else() {
    let friend = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = friend.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = friend.accept().await.unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).await.unwrap();
            stream.write_all(format!("heard {said}").as_bytes()).await.unwrap();
        }
    });
    let rules = || Some(Rules { local: local(3), friend: address });
    for host in ["127.0.0.1", "friend.test"] {
        let (client, kept) = command(&["connect", &format!("{host}:{}", address.port()), "hello"], &[], rules());
        assert_eq!(client.run().await, Ok(0), "{}", kept.stderr());
        assert_eq!(kept.stdout(), "heard hello\n", "{host}");
    }
    serving.await.unwrap();
    let forbidden = stranger.local_addr().unwrap().to_string();
    for target in [forbidden.as_str(), "localhost:80", "example.com:80"] {
        let (client, kept) = command(&["connect", target], &[], rules());
        assert_eq!(client.run().await, Ok(1), "{target}: {}", kept.stdout());
    }
    assert!(stranger.accept().now_or_never().is_none(), "nobody came");
}
