//! Carries messages between the page, its worker and the relays.
//!
//! Frames from relays go to the worker unread, what the worker sends goes to the relays, and a command becomes a
//! future of its reply. Bounds: [`MOST_PENDING`] commands await a reply at a time (more are refused with a sentence),
//! and [`MOST_QUEUED`] messages wait for a worker that is still loading (more are dropped: frames can't come before
//! the worker named the relays' first requests, so only a broken worker reaches it).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use credo_web::protocol::{self, Command, Environment, FromWorker, Reply, ToWorker};
use futures::channel::oneshot;
use gloo::console;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};
use yew::Callback;

use crate::plane::Plane;

const MOST_PENDING: usize = 64;
const MOST_QUEUED: usize = 256;

/// What the worker told the page to draw.
pub(crate) enum News {
    /// A message about the view.
    Worker(FromWorker),
    /// The worker couldn't be started or died; the sentence says what to do.
    Broken(String),
}

type Answer = Result<Reply, String>;
type Handler = Closure<dyn FnMut(web_sys::Event)>;

struct Inner {
    worker: Option<Worker>,
    ready: Cell<bool>,
    queue: RefCell<VecDeque<ToWorker>>,
    pending: RefCell<BTreeMap<u32, oneshot::Sender<Answer>>>,
    next: Cell<u32>,
    plane: RefCell<Option<Plane>>,
    news: Callback<News>,
    handlers: RefCell<Vec<Handler>>,
}

/// A handle on the worker and the relays; clones are the same.
#[derive(Clone)]
pub(crate) struct Bridge(Rc<Inner>);

impl PartialEq for Bridge {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Bridge {
    /// Spawns the worker. What it says goes to `news`.
    pub(crate) fn start(news: Callback<News>) -> Self {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options("./worker_loader.js", &options).ok();
        let bridge = Self(Rc::new(Inner {
            worker,
            ready: Cell::new(false),
            queue: RefCell::default(),
            pending: RefCell::default(),
            next: Cell::new(0),
            plane: RefCell::default(),
            news,
            handlers: RefCell::default(),
        }));
        bridge.listen();
        bridge
    }

    fn listen(&self) {
        let Some(worker) = &self.0.worker else {
            self.0.news.emit(News::Broken(
                "This browser can't start the verifier: it knows no module workers.".into(),
            ));
            return;
        };
        let weak = Rc::downgrade(&self.0);
        let heard = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            let Some(inner) = weak.upgrade() else { return };
            let data = event.unchecked_into::<MessageEvent>().data();
            match protocol::from_js::<FromWorker>(data) {
                Ok(message) => Self(inner).hear(message),
                Err(error) => console::error!("a message of the worker can't be read:", error.to_string()),
            }
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        let weak = Rc::downgrade(&self.0);
        let broke = Closure::<dyn FnMut(web_sys::Event)>::new(move |_| {
            if let Some(inner) = weak.upgrade() {
                Self(inner).broke();
            }
        });
        worker.set_onerror(Some(broke.as_ref().unchecked_ref()));
        self.0.handlers.borrow_mut().extend([heard, broke]);
    }

    fn broke(&self) {
        let reason = "The verifier stopped. Reload the page: your keys are stored, nothing is lost.";
        for (_, sender) in std::mem::take(&mut *self.0.pending.borrow_mut()) {
            // A component that went away awaits nothing.
            let _ = sender.send(Err(reason.to_owned()));
        }
        self.0.news.emit(News::Broken(reason.to_owned()));
    }

    fn hear(&self, message: FromWorker) {
        if !self.0.ready.replace(true) {
            for waiting in std::mem::take(&mut *self.0.queue.borrow_mut()) {
                self.post(&waiting);
            }
        }
        match message {
            FromWorker::Ready => {}
            FromWorker::Send { relay, bytes } => {
                if let Some(plane) = self.0.plane.borrow().as_ref() {
                    plane.send(relay, bytes);
                }
            }
            FromWorker::Close {
                relay,
                reason,
                for_good,
            } => {
                if let Some(plane) = self.0.plane.borrow().as_ref() {
                    plane.close(relay, reason, for_good);
                }
            }
            FromWorker::Reply { id, result } => {
                let sender = self.0.pending.borrow_mut().remove(&id);
                if let Some(sender) = sender {
                    let _ = sender.send(result);
                }
            }
            view => self.0.news.emit(News::Worker(view)),
        }
    }

    /// Tells the worker, or keeps it until the worker listens.
    pub(crate) fn tell(&self, message: ToWorker) {
        if self.0.ready.get() {
            self.post(&message);
            return;
        }
        let mut queue = self.0.queue.borrow_mut();
        if queue.len() < MOST_QUEUED {
            queue.push_back(message);
        }
    }

    fn post(&self, message: &ToWorker) {
        let Some(worker) = &self.0.worker else { return };
        match protocol::to_js(message) {
            Ok(value) => {
                if worker.post_message(&value).is_err() {
                    console::error!("a message to the worker can't be posted");
                }
            }
            Err(error) => console::error!("a message to the worker can't be written:", error.to_string()),
        }
    }

    /// Asks the worker; the error is a sentence with a next step.
    pub(crate) async fn ask(&self, command: Command) -> Answer {
        let id = self.0.next.get();
        self.0.next.set(id.wrapping_add(1));
        let (sender, receiver) = oneshot::channel();
        {
            let mut pending = self.0.pending.borrow_mut();
            if pending.len() >= MOST_PENDING {
                return Err("Too much is under way at once. Wait a moment and try again.".into());
            }
            pending.insert(id, sender);
        }
        self.tell(ToWorker::Command { id, command });
        receiver
            .await
            .unwrap_or_else(|_| Err("The verifier stopped. Reload the page.".into()))
    }

    /// The relays' plane, once it runs.
    pub(crate) fn attach(&self, plane: Plane) {
        *self.0.plane.borrow_mut() = Some(plane);
    }

    /// The page's circumstances changed: the worker and the connections hear of it.
    pub(crate) fn environment(&self, change: Environment) {
        self.tell(ToWorker::Environment(change));
        if let Some(plane) = self.0.plane.borrow().as_ref() {
            plane.environment(change);
        }
    }
}
