//! Time for the components: a hook that draws again as time goes by.

use gloo::timers::callback::Interval;
use yew::prelude::*;

use crate::browser::now;

/// The present time, ms since 1970, renewed every `period_ms`.
#[hook]
pub(crate) fn use_now(period_ms: u32) -> f64 {
    let time = use_state(now);
    {
        let time = time.clone();
        use_effect_with(period_ms, move |period_ms| {
            let interval = Interval::new(*period_ms, move || time.set(now()));
            move || drop(interval)
        });
    }
    // Another cause may draw earlier than the tick.
    time.max(now())
}
