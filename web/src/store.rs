//! What the page knows: the last view of the worker, and the way to ask for more.

use std::ops::Deref;
use std::rc::Rc;

use credo_web::protocol::{CandidatesView, KeysView, Shown, View};
use yew::prelude::*;

use crate::bridge::Bridge;

/// Something shared that is compared by where it is, not by reading all of it.
#[derive(Debug)]
pub(crate) struct Shared<T>(Rc<T>);

impl<T> Shared<T> {
    /// Shares it.
    pub(crate) fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The list of Servi nodes with how sure it is.
pub(crate) type Candidates = Shared<Shown<CandidatesView>>;

/// Given to every component as context.
#[derive(Clone, PartialEq)]
pub(crate) struct Store {
    /// The worker's last word.
    pub(crate) view: Shared<View>,
    /// The list of Servi nodes: kept apart, since it is long and seldom changes.
    pub(crate) candidates: Option<Candidates>,
    /// To the worker.
    pub(crate) bridge: Bridge,
}

impl Store {
    /// Are keys in memory?
    pub(crate) fn unlocked(&self) -> bool {
        matches!(self.view.keys, KeysView::Unlocked { .. })
    }

    /// Is this chain a devnet, with a faucet?
    pub(crate) fn devnet(&self) -> bool {
        self.view.chain.as_ref().is_some_and(|chain| chain.devnet)
    }
}

/// The store. The app provides it around everything else.
#[hook]
pub(crate) fn use_store() -> Store {
    use_context::<Store>().expect("the app provides the store around every page")
}
