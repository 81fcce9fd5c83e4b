//! One's own name, to be paid to.

use yew::prelude::*;

use crate::components::{Card, CopyButton, Form, Layout, OwnName, Qr, ShareButton, Waiting};
use crate::store::use_store;

#[component]
pub(crate) fn Receive() -> Html {
    let store = use_store();
    let Some(account) = &store.view.account else {
        return html! { <Waiting title="Receive" /> };
    };
    let name = AttrValue::from(account.name.clone());
    html! {
        <Layout form={Form::Narrow}>
            <Card title="Receive">
                <OwnName name={name.clone()} />
                <Qr text={name.clone()} label={format!("QR code of the name {name}")} />
                <Layout form={Form::Row}>
                    <CopyButton text={name.clone()} label="Copy the name" words="Copy the name" />
                    <ShareButton text={name} />
                </Layout>
                <p class="faint">{ "Whoever pays you needs this name only. What arrives shows in your balance once it is proved." }</p>
            </Card>
        </Layout>
    }
}
