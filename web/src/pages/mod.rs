//! A page per place: each composes components.

mod account;
mod chain;
mod home;
mod import;
mod network;
mod own_account;
mod receive;
mod send;
mod settings;
mod unlock;
mod vote;
mod welcome;

pub(crate) use account::AccountPage;
pub(crate) use chain::Chain;
pub(crate) use home::Home;
pub(crate) use network::Network;
pub(crate) use own_account::OwnAccount;
pub(crate) use receive::Receive;
pub(crate) use send::Send;
pub(crate) use settings::Settings;
pub(crate) use unlock::Unlock;
pub(crate) use vote::Vote;
pub(crate) use welcome::Welcome;
