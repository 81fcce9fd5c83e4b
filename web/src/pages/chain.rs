//! The committee with the turn going round, the blocks, the chain of Micro State Blocks, and the look-up.

use yew::prelude::*;

use crate::components::{Card, ChainCards, Form, Layout, LookUp};
use crate::store::use_store;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// From the address: looked up.
    pub(crate) query: Option<String>,
}

#[component]
pub(crate) fn Chain(props: &Props) -> Html {
    let store = use_store();
    html! {
        <>
            <Card><LookUp query={props.query.clone()} /></Card>
            <Layout form={Form::Two}><ChainCards chain={store.view.chain.clone()} /></Layout>
        </>
    }
}
