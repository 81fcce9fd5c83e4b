//! What the node says of itself: spec, relays, health.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use webrtc_direct::node::Stats;

use super::{App, RelayInfo};

/// A head older than this many slots, and than this many milliseconds, is stale.
const STALE_SLOTS: u64 = 10;
const STALE_MS: u64 = 5_000;

fn fresh(status: StatusCode, body: serde_json::Value) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// An error as every route words it.
pub(crate) fn problem(status: StatusCode, sentence: impl Into<String>) -> Response {
    fresh(status, json!({ "error": sentence.into() }))
}

pub(crate) async fn spec(State(app): State<Arc<App>>) -> Response {
    let spec = app.service.spec();
    match serde_json::to_value(&**spec) {
        Ok(serde_json::Value::Object(mut object)) => {
            object.insert("hash".into(), json!(spec.hash().to_string()));
            fresh(StatusCode::OK, object.into())
        }
        _ => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the chain spec can't be written as JSON",
        ),
    }
}

#[derive(Serialize)]
struct RelayList {
    spec: String,
    devnet: bool,
    relays: Vec<RelayInfo>,
}

pub(crate) async fn relays(State(app): State<Arc<App>>) -> Response {
    let list = RelayList {
        spec: app.service.spec().hash().to_string(),
        devnet: app.service.spec().is_devnet(),
        relays: app.relays.get(),
    };
    ([(CACHE_CONTROL, "no-store")], Json(list)).into_response()
}

pub(crate) async fn health(State(app): State<Arc<App>>) -> Response {
    let spec = app.service.spec();
    let head = app.service.heads().borrow().clone();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    let Some(head) = head else {
        let body = json!({ "status": "starting", "spec": spec.hash().to_string() });
        return fresh(StatusCode::SERVICE_UNAVAILABLE, body);
    };
    let age_ms = now.saturating_sub(head.header.time_ms);
    let stale = age_ms > STALE_MS.max(spec.parameters.slot_ms.saturating_mul(STALE_SLOTS));
    let mut body = json!({
        "status": if stale { "stale" } else { "ok" },
        "spec": spec.hash().to_string(),
        "height": head.header.height,
        "epoch": head.header.epoch,
        "seconds_since_last_block": age_ms as f64 / 1_000.0,
    });
    if let Some(stats) = &app.webrtc {
        body["webrtc"] = webrtc(&stats.snapshot());
    }
    let status = if stale {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    fresh(status, body)
}

/// What stands and what was, since the node started.
fn webrtc(stats: &Stats) -> serde_json::Value {
    json!({
        "sessions": stats.sessions,
        "half_open": stats.half_open,
        "channels": stats.channels,
        "established": stats.established,
        "failed": stats.failed,
        "refused": stats.refused,
        "strays": stats.strays,
        "overrun": stats.overrun,
        "broken_streams": stats.broken_streams,
        "bytes_in": stats.bytes_in,
        "bytes_out": stats.bytes_out,
    })
}
