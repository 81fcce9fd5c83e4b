//! Theme, lock, backup, erase.

use credo_web::protocol::{Command, KeysView};
use yew::prelude::*;

use crate::components::{
    Action, BackupButton, Button, Card, EraseDialog, Form, Glyph, Layout, ThemeSwitch, Weight,
};
use crate::store::use_store;

#[component]
pub(crate) fn Settings() -> Html {
    let store = use_store();
    let erasing = use_state(|| false);
    let erase = |open: bool| {
        let erasing = erasing.clone();
        Callback::from(move |()| erasing.set(open))
    };
    let stored = matches!(store.view.keys, KeysView::Locked | KeysView::Unlocked { .. });
    html! {
        <Layout form={Form::Stack}>
            <Card title="Theme"><ThemeSwitch /></Card>
            if store.unlocked() {
                <Card title="Lock">
                    <p class="quiet">{ "The key leaves this browser's memory at once. It also does so by itself: when nothing is done for a while, when the page stays hidden, and after sleep." }</p>
                    <Layout form={Form::Row}><Action command={Command::Lock} label="Lock now" glyph={Glyph::Lock} /></Layout>
                </Card>
            }
            if stored {
                <Card title="Backup">
                    <p class="quiet">{ "A file with the key, encrypted under your password. With it and the password the key can be imported in any browser." }</p>
                    <Layout form={Form::Row}><BackupButton /></Layout>
                </Card>
                <Card title="Erase">
                    <p class="quiet">{ "Removes the key and everything proved from this browser, for this chain. Tokens stay on the chain; without words or a backup nobody can move them again." }</p>
                    <Layout form={Form::Row}><Button weight={Weight::Danger} onpress={erase(true)}>{ "Erase…" }</Button></Layout>
                </Card>
            } else {
                <Card title="Keys"><p class="quiet">{ "No key is stored in this browser." }</p></Card>
            }
            if *erasing { <EraseDialog onclose={erase(false)} /> }
        </Layout>
    }
}
