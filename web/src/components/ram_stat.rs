//! RAM, in bytes.

use credo_web::protocol::{RamView, Shown};
use yew::prelude::*;

use super::Stat;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) ram: Option<Shown<RamView>>,
}

#[component]
pub(crate) fn RamStat(props: &Props) -> Html {
    let Some(shown) = &props.ram else {
        return html! { <Stat label="RAM" value={None::<AttrValue>} /> };
    };
    let (own, total) = (shown.value.own as u64, shown.value.total as u64);
    let words = match (own, total) {
        (_, 0) => "none; only contracts need it".to_owned(),
        (own, total) if own == total => "all of it your own".to_owned(),
        (own, _) => format!("{} of them your own", format::count(own)),
    };
    html! {
        <Stat label="RAM" value={format::plural(total, "byte")} face={shown.face}><span class="faint">{ words }</span></Stat>
    }
}
