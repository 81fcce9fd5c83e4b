//! Time in a page: limits for steps, and how much of it has passed.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::{Error, Step};

/// Bounds a step.
pub(super) async fn within<T>(
    step: Step,
    limit: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match select(pin!(work), TimeoutFuture::new(millis(limit))).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(Error::Timeout { step, limit }),
    }
}

pub(super) fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// The time, from some point on; monotonic where the page has such a clock, as every page does.
pub(super) fn now() -> Duration {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).unwrap_or(JsValue::UNDEFINED);
    let now = Reflect::get(&performance, &"now".into()).and_then(JsCast::dyn_into::<Function>);
    let millis = now
        .and_then(|now| now.call0(&performance))
        .ok()
        .and_then(|now| now.as_f64());
    Duration::from_secs_f64(millis.unwrap_or_else(js_sys::Date::now).max(0.0) / 1_000.0)
}
