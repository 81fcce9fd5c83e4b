//! A text file of the user's.

use gloo::file::{Blob, futures::read_as_text};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// A backup is a few hundred bytes; more than this is another file.
const MOST: u64 = 64 * 1024;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) id: AttrValue,
    pub(crate) label: AttrValue,
    /// Its name, once chosen.
    pub(crate) chosen: Option<String>,
    /// Name and text.
    pub(crate) onfile: Callback<(String, String)>,
}

#[component]
pub(crate) fn FilePicker(props: &Props) -> Html {
    let problem = use_state(|| None::<&'static str>);
    let onchange = {
        let (problem, onfile) = (problem.clone(), props.onfile.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let Some(file) = input.files().and_then(|files| files.get(0)) else {
                return;
            };
            let (problem, onfile) = (problem.clone(), onfile.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let (name, blob) = (file.name(), Blob::from(web_sys::Blob::from(file)));
                if blob.size() > MOST {
                    problem.set(Some("That file is too large to be a backup."));
                    return;
                }
                match read_as_text(&blob).await {
                    Ok(text) => {
                        problem.set(None);
                        onfile.emit((name, text));
                    }
                    Err(_) => problem.set(Some("That file can't be read as text.")),
                }
            });
        })
    };
    let below = format!("{}-below", props.id);
    html! {
        <div class={classes!("field", problem.is_some().then_some("wrong"))}>
            <label for={props.id.clone()}>{ &props.label }</label>
            <input id={props.id.clone()} type="file" accept=".json,application/json,text/plain" {onchange} aria-describedby={below.clone()} />
            <div class="below" id={below} aria-live="polite">
                if let Some(problem) = *problem {
                    <span class="objection">{ problem }</span>
                } else if let Some(name) = &props.chosen {
                    { format!("{name} is read.") }
                } else {
                    { "The encrypted file that Settings exports." }
                }
            </div>
        </div>
    }
}
