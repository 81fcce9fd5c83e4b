//! How far a transaction is, in one word of the right face.

use credo_web::protocol::Stage;
use yew::prelude::*;

use super::{Shape, Tag};

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) stage: Stage,
}

#[component]
pub(crate) fn StageTag(props: &Props) -> Html {
    let (shape, words) = match &props.stage {
        Stage::Sent => (Shape::Ring, "sent"),
        Stage::Believable => (Shape::Ring, "believable"),
        Stage::Proved { failed: None, .. } => (Shape::Seal, "proved"),
        Stage::Proved { failed: Some(_), .. } => (Shape::Cross, "failed"),
        Stage::Refused(_) => (Shape::Cross, "refused"),
    };
    html! { <Tag {shape} {words} /> }
}
