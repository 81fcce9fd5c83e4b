//! A key that exists already: words, IOST's base58 secret key, or an encrypted backup.

use credo_web::protocol::Secret;
use yew::prelude::*;

use crate::components::{
    Button, Card, Choice, Field, FilePicker, Form, Layout, NewPassword, Password, field::Kind,
};

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) onready: Callback<(Secret, String)>,
    pub(crate) onback: Callback<()>,
    pub(crate) busy: bool,
    pub(crate) problem: Option<String>,
}

const WORDS: usize = 0;
const KEY: usize = 1;
const BACKUP: usize = 2;

#[component]
pub(crate) fn Import(props: &Props) -> Html {
    let kind = use_state(|| WORDS);
    let text = use_state(String::new);
    let file = use_state(|| None::<(String, String)>);
    let old = use_state(String::new);
    let set = |state: &UseStateHandle<String>| {
        let state = state.clone();
        Callback::from(move |text| state.set(text))
    };
    let onchoose = {
        let (kind, text) = (kind.clone(), text.clone());
        Callback::from(move |chosen| {
            kind.set(chosen);
            text.set(String::new());
        })
    };
    let count = text.split_whitespace().count();
    let secret = match *kind {
        WORDS if matches!(count, 12 | 15 | 18 | 21 | 24) => Some(Secret::Words(
            text.split_whitespace()
                .map(str::to_lowercase)
                .collect::<Vec<_>>()
                .join(" "),
        )),
        KEY if count == 1 && text.trim().len() >= 32 => Some(Secret::Base58(text.trim().to_owned())),
        BACKUP => file
            .as_ref()
            .filter(|_| !old.is_empty())
            .map(|(_, content)| Secret::Backup {
                file: content.clone(),
                password: (*old).clone(),
            }),
        _ => None,
    };
    let fields = match *kind {
        WORDS => html! {
            <Field id="import-words" label="Words" kind={Kind::Lines} value={(*text).clone()} onchange={set(&text)} focus=true
                hint={html! { { format!("{count} of 24 (or 12) words, in order, with spaces between") } }} />
        },
        KEY => html! {
            <Field id="import-key" label="Secret key" kind={Kind::Lines} value={(*text).clone()} onchange={set(&text)} focus=true
                hint={html! { "IOST's base58 secret key, ed25519 or secp256k1" }} />
        },
        _ => {
            let onfile = {
                let file = file.clone();
                Callback::from(move |read| file.set(Some(read)))
            };
            html! {
                <>
                    <FilePicker id="import-file" label="Backup file" chosen={file.as_ref().map(|(name, _)| name.clone())} {onfile} />
                    <Password id="import-password" label="The backup's password" value={(*old).clone()} onchange={set(&old)} />
                </>
            }
        }
    };
    let back = html! { <Button onpress={props.onback.clone()}>{ "Back" }</Button> };
    html! {
        <Card title="Import a key">
            <Choice name="import" label="Where the key comes from" options={vec!["Words".into(), "Secret key".into(), "Backup file".into()]}
                chosen={*kind} {onchoose} />
            { fields }
            if let Some(secret) = secret {
                <NewPassword onready={props.onready.reform(move |password| (secret.clone(), password))} busy={props.busy}
                    problem={props.problem.clone()} label="Import">{ back }</NewPassword>
            } else {
                <Layout form={Form::Row}>{ back }</Layout>
            }
        </Card>
    }
}
