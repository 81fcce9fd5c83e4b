//! Watches the page's circumstances: network, visibility, sleep, and whether somebody is there.

use std::cell::Cell;
use std::rc::Rc;

use credo_web::protocol::Environment;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Interval;
use gloo::utils::{document, window};
use web_sys::VisibilityState;

use crate::browser::now;

/// A timer that should tick each second and didn't for this long has slept.
const SLEEP_MS: f64 = 5_000.0;
/// Activity is reported at most this often.
const ACTIVITY_MS: f64 = 5_000.0;

/// Listeners, for as long as it lives.
pub(crate) struct Watch {
    _listeners: Vec<EventListener>,
    _heartbeat: Interval,
}

/// Starts watching; `report` hears of every change.
pub(crate) fn watch(report: impl Fn(Environment) + 'static) -> Watch {
    let report = Rc::new(report);
    let tell = |target: &web_sys::EventTarget, name: &'static str, what: fn() -> Environment| {
        let report = Rc::clone(&report);
        EventListener::new(target, name, move |_| report(what()))
    };
    let visible = || match document().visibility_state() {
        VisibilityState::Visible => Environment::Visible,
        _ => Environment::Hidden,
    };
    let (page, paper) = (window(), document());
    let mut listeners = vec![
        tell(&page, "online", || Environment::Online),
        tell(&page, "offline", || Environment::Offline),
        tell(&paper, "visibilitychange", visible),
        // Chromium freezes hidden tabs, and says so.
        tell(&paper, "resume", || Environment::Resumed),
        tell(&page, "pageshow", visible),
    ];

    let last = Rc::new(Cell::new(0.0));
    for name in ["pointerdown", "keydown", "wheel", "touchstart"] {
        let (report, last) = (Rc::clone(&report), Rc::clone(&last));
        let passive = EventListenerOptions::default();
        listeners.push(EventListener::new_with_options(&page, name, passive, move |_| {
            let time = now();
            if time - last.get() >= ACTIVITY_MS {
                last.set(time);
                report(Environment::Activity);
            }
        }));
    }

    let ticked = Cell::new(now());
    let heartbeat = Interval::new(1_000, move || {
        let time = now();
        // Hidden pages tick once a minute at most; only a gap of a visible page was a sleep.
        let slept = time - ticked.replace(time) > SLEEP_MS;
        if slept && document().visibility_state() == VisibilityState::Visible {
            report(Environment::Resumed);
        }
    });
    Watch {
        _listeners: listeners,
        _heartbeat: heartbeat,
    }
}
