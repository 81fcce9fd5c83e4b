//! A server for the test pages, on loopback.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

/// Serves the page and what `CREDO_WEBRTC_PAGE` holds: the built module and the strangers' bundles. It ends with the
/// runtime; yields the page's address.
///
/// # Errors
///
/// Fails if the variable isn't set or no port is free.
pub async fn serve() -> Result<String> {
    let folder = std::env::var("CREDO_WEBRTC_PAGE").context(
        "CREDO_WEBRTC_PAGE must name the folder of the built test page (cargo xtask test sets it)",
    )?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let router = Router::new()
        .route("/", get(|| async { page() }))
        .route("/{name}", get(file))
        .with_state(PathBuf::from(folder));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

fn page() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/html")],
        include_str!("../page/index.html"),
    )
}

async fn file(State(folder): State<PathBuf>, Path(name): Path<String>) -> impl IntoResponse {
    let kind = match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript",
        Some((_, "wasm")) => "application/wasm",
        _ => return Err(StatusCode::NOT_FOUND),
    };
    // A name has no separator: the route matches one segment.
    let bytes = tokio::fs::read(folder.join(&name))
        .await
        .map_err(|_| StatusCode::NOT_FOUND)?;
    Ok(([(header::CONTENT_TYPE, kind)], bytes))
}
