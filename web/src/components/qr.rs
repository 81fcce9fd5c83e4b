//! A text as a QR code, drawn as one path.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};
use yew::prelude::*;

/// Light modules around it, as the standard asks.
const QUIET: i32 = 4;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) text: AttrValue,
    pub(crate) label: AttrValue,
}

#[component]
pub(crate) fn Qr(props: &Props) -> Html {
    let drawn = use_memo(props.text.clone(), |text| {
        // Fails only on a text longer than any code: then there is no picture.
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
            }
        }
        Some((path, code.size() + 2 * QUIET))
    });
    let Some((path, size)) = &*drawn else {
        return html! {};
    };
    html! {
        <svg class="qr" viewBox={format!("0 0 {size} {size}")} role="img" aria-label={props.label.clone()}
            shape-rendering="crispEdges">
            <rect width="100%" height="100%" /><path d={path.clone()} />
        </svg>
    }
}
