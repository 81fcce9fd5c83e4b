//! Accounts under one key, to choose from.

use yew::prelude::*;

use super::Ident;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) accounts: Vec<String>,
    /// The one that is shown now.
    #[prop_or_default]
    pub(crate) present: Option<String>,
    pub(crate) onchoose: Callback<String>,
}

#[component]
pub(crate) fn AccountList(props: &Props) -> Html {
    html! {
        <ul class="accounts">
            { for props.accounts.iter().map(|name| {
                let chosen = name.clone();
                let onclick = props.onchoose.reform(move |_: MouseEvent| chosen.clone());
                html! {
                    <li key={name.clone()}>
                        <button type="button" class="account" aria-current={(props.present.as_deref() == Some(name)).then_some("true")} {onclick}><Ident name={name.clone()} /><b>{ name }</b></button>
                    </li>
                }
            }) }
        </ul>
    }
}
