//! How components stand together, so that pages need no style: rows, columns, grids.

use yew::prelude::*;

/// An arrangement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Side by side, wrapping.
    Row,
    /// Below one another.
    Stack,
    /// Two columns, the first wider; one on a phone.
    Two,
    /// Three columns; two on a phone.
    Three,
    /// Four columns; two on a phone.
    Four,
    /// A narrow column in the middle.
    Narrow,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) form: Form,
    pub(crate) children: Html,
}

#[component]
pub(crate) fn Layout(props: &Props) -> Html {
    let class = match props.form {
        Form::Row => "row",
        Form::Stack => "stack",
        Form::Two => "grid2",
        Form::Three => "grid3",
        Form::Four => "grid4",
        Form::Narrow => "narrow",
    };
    html! { <div {class}>{ props.children.clone() }</div> }
}
