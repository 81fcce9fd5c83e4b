//! A button that gives the worker one command and shows its error beside it.

use credo_web::protocol::Command;
use yew::prelude::*;

use super::{Button, Glyph, Problem, Weight};
use crate::store::use_store;

#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) command: Command,
    pub(crate) label: AttrValue,
    #[prop_or_default]
    pub(crate) weight: Weight,
    #[prop_or_default]
    pub(crate) glyph: Option<Glyph>,
    #[prop_or_default]
    pub(crate) ondone: Callback<()>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        // Commands carry secrets and so aren't compared; a button's command doesn't change under its label.
        self.label == other.label && self.weight == other.weight && self.glyph == other.glyph
    }
}

#[component]
pub(crate) fn Action(props: &Props) -> Html {
    let store = use_store();
    let busy = use_state(|| false);
    let problem = use_state(|| None::<String>);
    let onpress = {
        let (bridge, busy, problem) = (store.bridge.clone(), busy.clone(), problem.clone());
        let (command, ondone) = (props.command.clone(), props.ondone.clone());
        Callback::from(move |()| {
            let (bridge, busy, problem) = (bridge.clone(), busy.clone(), problem.clone());
            let (command, ondone) = (command.clone(), ondone.clone());
            busy.set(true);
            problem.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                match bridge.ask(command).await {
                    Ok(_) => ondone.emit(()),
                    Err(sentence) => problem.set(Some(sentence)),
                }
                busy.set(false);
            });
        })
    };
    html! {
        <>
            <Button weight={props.weight} glyph={props.glyph} busy={*busy} {onpress}>{ &props.label }</Button>
            <Problem sentence={(*problem).clone()} />
        </>
    }
}
