//! The little HTTP that waiting for a node's `/health` takes.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(2);
/// An answer longer than this isn't read to its end.
const MAX_ANSWER: u64 = 64 * 1024;

/// Asks the loopback interface's `port` for `path`: status and body, or nothing while nobody answers.
pub(crate) fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, LIMIT).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.set_write_timeout(Some(LIMIT)).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut bytes = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut bytes).ok()?;
    parse(&String::from_utf8_lossy(&bytes))
}

/// Whether somebody listens there.
pub(crate) fn taken(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), LIMIT).is_ok()
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_falls_into_status_and_body() {
        assert_eq!(
            parse("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{}"),
            Some((200, "{}".into()))
        );
        assert_eq!(parse("HTTP/1.1 503 Later\r\n\r\n"), Some((503, String::new())));
        assert_eq!(parse("SSH-2.0-OpenSSH"), None);
    }
}
