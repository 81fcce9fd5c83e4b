//! Who may use the faucet from a browser: only a page that this endpoint served.
//!
//! A foreign page could post to a faucet on loopback, directly (so `Origin` must be ours) or under a name of its own
//! that resolves to loopback (so `Host` must be an address or `localhost`, never a name that others control).

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The host without its port.
fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(host, _)| host);
    }
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

fn is_ours(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
        || host.parse::<Ipv6Addr>().is_ok()
        || host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
}

/// Checks a POST; the error is a sentence.
pub(crate) fn check_post(headers: &HeaderMap) -> Result<(), &'static str> {
    let host = text(headers, &HOST).ok_or("the request names no host")?;
    if !is_ours(host_of(host)) {
        return Err("the faucet answers only under an IP address or localhost");
    }
    let origins: Vec<_> = headers.get_all(ORIGIN).iter().collect();
    let same = match origins.as_slice() {
        [] => true,
        [origin] => origin.to_str().is_ok_and(|o| {
            let origin = o.strip_prefix("http://").or_else(|| o.strip_prefix("https://"));
            origin.is_some_and(|o| o.eq_ignore_ascii_case(host))
        }),
        _ => false,
    };
    let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
    if !same || site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err("the faucet answers only the wallet that this node serves");
    }
    let json = text(headers, &CONTENT_TYPE).is_some_and(|t| {
        t.split(';')
            .next()
            .is_some_and(|t| t.trim().eq_ignore_ascii_case("application/json"))
    });
    if !json {
        return Err("the request's content type must be application/json");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_our_own_page_and_plain_clients_may_post() {
        let json = ("content-type", "application/json");
        for good in [
            &[("host", "127.0.0.1:8080"), json][..],
            &[("host", "[::1]:8080"), json],
            &[("host", "localhost"), ("origin", "http://localhost"), json],
            &[
                ("host", "localhost:1"),
                ("origin", "http://localhost:1"),
                ("sec-fetch-site", "same-origin"),
                json,
            ],
            &[
                ("host", "wallet.localhost:1"),
                ("content-type", "application/json; charset=utf-8"),
            ],
        ] {
            assert_eq!(check_post(&headers(good)), Ok(()), "{good:?}");
        }
        for bad in [
            &[json][..],
            &[("host", "evil.example:8080"), json],
            &[("host", "127.0.0.1.evil.example"), json],
            &[("host", "localhost.evil.example"), json],
            &[("host", "localhost:1"), ("origin", "http://localhost:2"), json],
            &[("host", "localhost:1"), ("origin", "null"), json],
            &[("host", "localhost:1"), ("origin", "http://evil.example"), json],
            &[("host", "localhost:1"), ("sec-fetch-site", "cross-site"), json],
            &[("host", "localhost:1")],
            &[("host", "localhost:1"), ("content-type", "text/plain")],
        ] {
            assert!(check_post(&headers(bad)).is_err(), "{bad:?}");
        }
    }
}
