//! The wallet's files, read once at start.
//!
//! A request is looked up in the list made then, by its exact path; the file system is never asked with a client's
//! words. At most [`MAX_FILES`] files and [`MAX_BYTES`] bytes are taken; links are not followed.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use credo_primitives::sha256;

use super::info::problem;
use super::{App, HttpError};

const MAX_FILES: usize = 2_000;
const MAX_BYTES: usize = 256 * 1024 * 1024;
const MAX_DEPTH: usize = 8;
const INDEX: &str = "index.html";

struct Asset {
    content_type: &'static str,
    etag: String,
    cache: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

/// The files by their path without the leading slash.
#[derive(Default)]
pub(crate) struct Files(HashMap<String, Asset>);

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webp") => "image/webp",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// True when the name holds the hash of its content, as Trunk writes it: eight or more hexadecimal characters between
/// dashes, underscores or dots.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split(['-', '.', '_']).any(|part| {
        part.len() >= 8
            && part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
    })
}

impl Files {
    /// Reads a folder.
    pub(crate) fn load(dir: &Path) -> Result<Self, HttpError> {
        let mut found = HashMap::new();
        let mut bytes = 0;
        read_dir(dir, "", 0, &mut found, &mut bytes)?;
        if !found.contains_key(INDEX) {
            return Err(unusable(dir, "there is no index.html in it"));
        }
        let names: Vec<String> = found.keys().cloned().collect();
        let mut files = HashMap::new();
        for name in names {
            let compressed = [".br", ".gz"].iter().any(|suffix| {
                name.strip_suffix(suffix)
                    .is_some_and(|plain| found.contains_key(plain))
            });
            if compressed {
                continue;
            }
            let plain = found[&name].clone();
            let digest = sha256(&[&plain]).to_string();
            files.insert(
                name.clone(),
                Asset {
                    content_type: content_type(&name),
                    etag: format!("\"{}\"", &digest[..32]),
                    cache: if has_hash(&name) {
                        "public, max-age=31536000, immutable"
                    } else {
                        "no-cache"
                    },
                    brotli: found.get(&format!("{name}.br")).cloned(),
                    gzip: found.get(&format!("{name}.gz")).cloned(),
                    plain,
                },
            );
        }
        Ok(Self(files))
    }
}

fn unusable(path: &Path, reason: impl ToString) -> HttpError {
    HttpError::Files {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn read_dir(
    dir: &Path,
    prefix: &str,
    depth: usize,
    found: &mut HashMap<String, Bytes>,
    bytes: &mut usize,
) -> Result<(), HttpError> {
    if depth > MAX_DEPTH {
        return Err(unusable(dir, "folders are nested too deeply"));
    }
    let entries = fs::read_dir(dir).map_err(|e| unusable(dir, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| unusable(dir, e))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|e| unusable(&path, e))?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        if kind.is_dir() {
            read_dir(&path, &format!("{name}/"), depth + 1, found, bytes)?;
        } else if kind.is_file() {
            let content = fs::read(&path).map_err(|e| unusable(&path, e))?;
            *bytes += content.len();
            if found.len() >= MAX_FILES || *bytes > MAX_BYTES {
                return Err(unusable(
                    dir,
                    "it holds more than a wallet does; is it the right folder?",
                ));
            }
            found.insert(name, content.into());
        }
    }
    Ok(())
}

/// True when the client takes an encoding.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    values
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            named && !parts.any(|p| matches!(p.trim_start_matches("q="), "0" | "0.0" | "0.00" | "0.000"))
        })
}

fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|v| v.to_str().ok());
    values
        .flat_map(|v| v.split(','))
        .map(|v| v.trim().trim_start_matches("W/"))
        .any(|v| v == etag || v == "*")
}

/// A file, the page itself for a route of the wallet, or a clear 404.
pub(crate) async fn serve(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return problem(StatusCode::METHOD_NOT_ALLOWED, "only GET is possible here");
    }
    let path = uri.path().trim_start_matches('/');
    let files = &app.files.0;
    let name = if path.is_empty() { INDEX } else { path };
    let is_route = !name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let asset = match files.get(name) {
        Some(asset) => asset,
        None if is_route && files.contains_key(INDEX) => &files[INDEX],
        None if files.is_empty() => {
            return problem(
                StatusCode::NOT_FOUND,
                "this node serves no wallet; start it with --web and the wallet's folder",
            );
        }
        None => return problem(StatusCode::NOT_FOUND, "there is no such file"),
    };
    let (body, encoding) = match (&asset.brotli, &asset.gzip) {
        (Some(brotli), _) if accepts(&headers, "br") => (brotli, Some("br")),
        (_, Some(gzip)) if accepts(&headers, "gzip") => (gzip, Some("gzip")),
        _ => (&asset.plain, None),
    };
    let mut response = if matches_etag(&headers, &asset.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(body.clone()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let out = response.headers_mut();
    out.insert(CACHE_CONTROL, HeaderValue::from_static(asset.cache));
    out.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        out.insert(ETAG, etag);
    }
    response
}
