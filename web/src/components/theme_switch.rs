//! Light, dark or the system's.

use yew::prelude::*;

use super::Choice;
use crate::theme::Theme;

#[component]
pub(crate) fn ThemeSwitch() -> Html {
    let theme = use_state(Theme::load);
    let onchoose = {
        let theme = theme.clone();
        Callback::from(move |i: usize| {
            if let Some(chosen) = Theme::ALL.get(i) {
                chosen.choose();
                theme.set(*chosen);
            }
        })
    };
    let options: Vec<AttrValue> = Theme::ALL.iter().map(|theme| theme.label().into()).collect();
    let chosen = Theme::ALL.iter().position(|one| *one == *theme).unwrap_or(0);
    html! { <Choice name="theme" label="Theme" {options} {chosen} {onchoose} /> }
}
