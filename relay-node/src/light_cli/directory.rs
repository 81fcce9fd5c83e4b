//! From what was typed after `--relay` to addresses that can be dialed.
//!
//! `http://HOST:PORT` is a node's own endpoint: its `/relays` names addresses. They are only hints where to ask; the
//! answer is bounded in size and time, and everything asked there is verified anyway.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Failure;
use crate::http::RelayInfo;

/// Most relays asked for one `http://` address: two, so that their answers can be held against each other.
const MOST: usize = 2;
const LIMIT: Duration = Duration::from_secs(4);
const MAX_ANSWER: u64 = 256 * 1024;

/// A relay with its ways in, the first to be tried first.
pub(crate) type Target = Vec<String>;

pub(crate) async fn resolve(typed: &[String]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for text in typed {
        match text.strip_prefix("http://") {
            Some(authority) => targets.extend(ask(text, authority.trim_end_matches('/')).await?),
            None if text.starts_with("https://") => {
                return Err(Failure::Other(
                    "https isn't possible here: give the relay's multiaddr, or its http:// address".into(),
                ));
            }
            None => targets.push(vec![text.clone()]),
        }
    }
    Ok(targets)
}

async fn ask(url: &str, authority: &str) -> Result<Vec<Target>, Failure> {
    let unreachable =
        |reason: &dyn std::fmt::Display| Failure::NoRelay(format!("no node answers at {url}: {reason}"));
    let strange = || {
        Failure::NoRelay(format!(
            "what answers at {url} is no Credo node: it has no list of relays"
        ))
    };
    let answer = tokio::time::timeout(LIMIT, get(authority, "/relays"))
        .await
        .map_err(|_| unreachable(&"nothing came back within four seconds"))?
        .map_err(|error| unreachable(&error))?;
    let (status, body) = split(&answer).ok_or_else(strange)?;
    if status != 200 {
        return Err(strange());
    }
    #[derive(serde::Deserialize)]
    struct List {
        relays: Vec<RelayInfo>,
    }
    let list: List = serde_json::from_slice(&body).map_err(|_| strange())?;
    let targets: Vec<Target> = list
        .relays
        .into_iter()
        .map(|relay| {
            let mut ways = relay.addresses;
            // Natively the WebSocket is the quicker of the two.
            ways.sort_by_key(|way| way.contains("webrtc-direct"));
            ways
        })
        .filter(|ways| !ways.is_empty())
        .take(MOST)
        .collect();
    if targets.is_empty() {
        return Err(Failure::NoRelay(format!("the node at {url} knows no relay yet")));
    }
    Ok(targets)
}

async fn get(authority: &str, path: &str) -> std::io::Result<Vec<u8>> {
    let target = if authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let mut stream = TcpStream::connect(target).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Status and body of an HTTP/1.1 answer, of known length or chunked.
fn split(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = &answer[end + 4..];
    let chunked = head
        .lines()
        .any(|line| line.to_ascii_lowercase().starts_with("transfer-encoding:") && line.contains("chunked"));
    Some((status, if chunked { unchunk(body)? } else { body.to_vec() }))
}

fn unchunk(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&body[..end]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        body = &body[end + 2..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(body.get(..size)?);
        body = body.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_split_whole_or_chunked_and_nonsense_is_refused() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(split(whole), Some((200, b"{}".to_vec())));
        let chunked =
            b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n";
        assert_eq!(split(chunked), Some((404, b"abcd".to_vec())));
        for bad in [
            &b""[..],
            b"hello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nabc",
            b"X\r\n\r\n",
        ] {
            assert_eq!(split(bad), None);
        }
    }
}
