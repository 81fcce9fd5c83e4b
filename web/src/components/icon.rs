//! Line drawings, all in one weight.

use yew::prelude::*;

/// Which drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// A house.
    Home,
    /// A paper plane.
    Send,
    /// An arrow into a tray.
    Receive,
    /// A ballot box.
    Vote,
    /// A ring with turns.
    Chain,
    /// Connected dots.
    Network,
    /// Sliders.
    Settings,
    /// A person.
    Person,
    /// A padlock.
    Lock,
    /// Two sheets.
    Copy,
    /// A box with an arrow out of it.
    Share,
    /// A loupe.
    Search,
    /// An exclamation mark in a triangle.
    Warning,
    /// An eye.
    Eye,
    /// A cross.
    Close,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) glyph: Glyph,
}

/// A drawing beside a word; it says nothing by itself, so screen readers skip it.
#[component]
pub(crate) fn Icon(props: &Props) -> Html {
    let (line, dots): (&str, &[(&str, &str, &str)]) = match props.glyph {
        Glyph::Home => ("M3 10.5 12 3l9 7.5M5.5 9v11h13V9", &[]),
        Glyph::Send => ("M4 12 20 4l-5 16-3.5-6.5z", &[]),
        Glyph::Receive => ("M12 4v10m-4-4 4 4 4-4M4.5 15v4.5h15V15", &[]),
        Glyph::Vote => ("M4 13h16v7H4zM8 13V6l4-3 4 3v7M10 9h4", &[]),
        Glyph::Chain => (
            "",
            &[
                ("12", "12", "8.5"),
                ("12", "3.5", "1.6"),
                ("19.4", "16", "1.6"),
                ("4.6", "16", "1.6"),
            ],
        ),
        Glyph::Network => (
            "m6.8 11 10.4-4.2M6.8 13l10.4 4.2",
            &[("5", "12", "2"), ("19", "6", "2"), ("19", "18", "2")],
        ),
        Glyph::Settings => (
            "M4 7h10M18 7h2M4 17h2M10 17h10",
            &[("16", "7", "2"), ("8", "17", "2")],
        ),
        Glyph::Person => ("M4.5 20c.8-4 3.7-6 7.5-6s6.7 2 7.5 6", &[("12", "8", "3.8")]),
        Glyph::Lock => (
            "M7 11h10a2 2 0 0 1 2 2v5a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-5a2 2 0 0 1 2-2zM8 11V8a4 4 0 0 1 8 0v3",
            &[],
        ),
        Glyph::Copy => ("M9 9h10v11H9zM15 9V4H5v11h4", &[]),
        Glyph::Share => ("M12 15V4m-4 4 4-4 4 4M7 11H5v9h14v-9h-2", &[]),
        Glyph::Search => ("m15.5 15.5 5 5", &[("10.5", "10.5", "6.5")]),
        Glyph::Warning => ("M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2", &[]),
        Glyph::Eye => (
            "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z",
            &[("12", "12", "2.6")],
        ),
        Glyph::Close => ("m6 6 12 12M18 6 6 18", &[]),
    };
    html! {
        <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            if !line.is_empty() { <path d={line} /> }
            { for dots.iter().map(|(x, y, r)| html! { <circle cx={*x} cy={*y} r={*r} /> }) }
        </svg>
    }
}
