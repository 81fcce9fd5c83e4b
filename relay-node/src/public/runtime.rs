//! Threads for whatever strangers cause: connections, decoding, signatures, admission, answers.
//!
//! One set for the whole process, however many nodes run in it, beside the threads on which each node's consensus runs.
//! On Linux they have a lower priority, so that they compute when consensus doesn't; what they may compute at all is
//! bounded by budgets ([`crate::budget`]).

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Threads that run tasks.
const WORKERS: usize = 2;
/// Threads for what blocks: names to be looked up, pages to be read.
const BLOCKING: usize = 16;
/// How much lower their priority is than that of consensus (`nice`).
#[cfg(target_os = "linux")]
const LOWER: i32 = 10;
/// How long tasks may take to end with the last node.
const END: Duration = Duration::from_secs(2);

static SHARED: Mutex<Weak<Inner>> = Mutex::new(Weak::new());

/// The process's threads for the public plane. They end when the last one that holds this lets go of it, which must not
/// happen on a thread of a runtime.
#[derive(Clone, Debug)]
pub struct PublicRuntime(Arc<Inner>);

#[derive(Debug)]
struct Inner(Option<tokio::runtime::Runtime>);

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(END);
        }
    }
}

/// On Linux, priority is each thread's own.
#[cfg(target_os = "linux")]
fn lower_priority() {
    if let Err(error) = rustix::process::nice(LOWER) {
        tracing::debug!(%error, "the public plane's threads keep their priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

impl PublicRuntime {
    /// The threads that run already, or new ones.
    pub fn shared() -> std::io::Result<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(inner) = shared.upgrade() {
            return Ok(Self(inner));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(BLOCKING)
            .thread_name("public")
            .on_thread_start(lower_priority)
            .enable_all()
            .build()?;
        let inner = Arc::new(Inner(Some(runtime)));
        *shared = Arc::downgrade(&inner);
        Ok(Self(inner))
    }

    /// Runs tasks on them.
    pub fn handle(&self) -> &tokio::runtime::Handle {
        self.0.0.as_ref().expect("taken only when dropped").handle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_a_process_share_threads_that_give_way() {
        let one = PublicRuntime::shared().expect("threads");
        let other = PublicRuntime::shared().expect("the same threads");
        assert!(Arc::ptr_eq(&one.0, &other.0));
        drop(one);
        let (tell, told) = std::sync::mpsc::channel();
        other.handle().spawn(async move {
            let name = std::thread::current().name().map(ToOwned::to_owned);
            #[cfg(target_os = "linux")]
            let nice = rustix::process::getpriority_process(None).expect("a priority");
            #[cfg(not(target_os = "linux"))]
            let nice = 0;
            tell.send((name, nice)).expect("heard");
        });
        let (name, nice) = told.recv().expect("said");
        assert_eq!(name.as_deref(), Some("public"));
        #[cfg(target_os = "linux")]
        {
            let ours = rustix::process::getpriority_process(None).expect("a priority");
            assert_eq!(nice, (ours + LOWER).min(19));
        }
        let _ = nice;
    }
}
