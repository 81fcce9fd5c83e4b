//! The verification worker: the light client, the keystore and IndexedDB, off the page's thread.
//!
//! - [`core`](self::core) is the one state and decides everything; it touches no JavaScript.
//! - `chain` drives the light client (`credo_light::Session`) and keeps what it verified for the view.
//! - `commands`, `prepare`, `answers`, `lookup`: what the user asks for, and what follows from verified answers.
//! - `keys`, `facts`, `account`, `proposals`, `activity`, `servi`: the keystore, the account and what waits for it, its
//!   transactions, the Servi nodes.
//! - `storage`, `job`, `faucet`, `random`: the outside.
//!
//! The page's messages come in through `onmessage`; a timer ticks four times a second. Nothing that a relay said is
//! shown as proved unless the light client verified it, and no secret leaves this thread but once: new words, for the
//! page to show.

mod account;
mod activity;
mod answers;
mod chain;
mod commands;
mod core;
mod facts;
mod faucet;
mod heads;
mod job;
mod keys;
mod lookup;
mod parts;
mod prepare;
mod proposals;
mod random;
mod servi;
mod storage;
#[cfg(test)]
mod story;
#[cfg(test)]
mod tests;
mod verified;
mod view;

use std::cell::RefCell;
use std::rc::Rc;

use crate::protocol::{self, FromWorker, ToWorker};
use futures::StreamExt as _;
use futures::channel::mpsc;
use gloo::console;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use self::core::Core;
use self::parts::{Done, Job};

const TICK_MS: u32 = 250;
/// Most jobs waiting for storage; at the pace of the core it takes half an hour without an answer to reach it.
const MAX_JOBS: usize = 256;
/// A changed view that came too soon after the last is posted this much later.
const VIEW_MS: u32 = 100;

struct Worker {
    scope: DedicatedWorkerGlobalScope,
    core: RefCell<Core>,
    jobs: RefCell<mpsc::Sender<Job>>,
    view_due: RefCell<Option<gloo::timers::callback::Timeout>>,
}

/// Starts listening; returns at once.
pub fn run() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let (jobs, mut queue) = mpsc::channel(MAX_JOBS);
    let worker = Rc::new(Worker {
        scope: scope.clone(),
        core: RefCell::new(Core::new(now())),
        jobs: RefCell::new(jobs),
        view_due: RefCell::new(None),
    });

    let heard = Rc::clone(&worker);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match protocol::from_js::<ToWorker>(event.data()) {
            Ok(message) => heard.hear(message),
            Err(error) => console::error!("a message of the page can't be read:", error.to_string()),
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();

    let ticking = Rc::clone(&worker);
    gloo::timers::callback::Interval::new(TICK_MS, move || {
        ticking.core.borrow_mut().tick(now());
        ticking.flush();
    })
    .forget();

    // Storage keeps the order of its jobs; the faucet, which may take seconds, waits for nobody.
    let working = Rc::clone(&worker);
    spawn_local(async move {
        while let Some(job) = queue.next().await {
            working.finish(job).await;
        }
    });
    worker.post(&FromWorker::Ready);
}

fn now() -> f64 {
    js_sys::Date::now()
}

impl Worker {
    fn hear(self: &Rc<Self>, message: ToWorker) {
        self.core.borrow_mut().hear(message, now());
        self.flush();
    }

    async fn finish(self: &Rc<Self>, job: Job) {
        if let Some(done) = job::run(job).await {
            self.core.borrow_mut().done(done, now());
        }
        self.flush();
    }

    /// Posts and starts what the core wants out.
    fn flush(self: &Rc<Self>) {
        let (messages, jobs, again) = {
            let mut core = self.core.borrow_mut();
            let (messages, jobs) = core.take();
            (messages, jobs, core.view_due())
        };
        for message in &messages {
            self.post(message);
        }
        for job in jobs {
            if matches!(job, Job::Faucet { .. }) {
                let worker = Rc::clone(self);
                spawn_local(async move { worker.finish(job).await });
            } else if self.jobs.borrow_mut().try_send(job).is_err() {
                let why = "This browser's storage doesn't answer. Export a backup, then reload the page.";
                self.core
                    .borrow_mut()
                    .done(Done::StorageFailed(why.into()), now());
            }
        }
        if again && self.view_due.borrow().is_none() {
            let worker = Rc::clone(self);
            let later = gloo::timers::callback::Timeout::new(VIEW_MS, move || {
                worker.view_due.borrow_mut().take();
                worker.core.borrow_mut().view_now(now());
                worker.flush();
            });
            *self.view_due.borrow_mut() = Some(later);
        }
    }

    fn post(&self, message: &FromWorker) {
        match protocol::to_js(message) {
            Ok(value) => {
                if self.scope.post_message(&value).is_err() {
                    console::error!("a message to the page can't be posted");
                }
            }
            Err(error) => console::error!("a message to the page can't be written:", error.to_string()),
        }
    }
}
