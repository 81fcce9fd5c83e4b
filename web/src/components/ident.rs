//! A small picture drawn from a name, so that two names that read alike look different.

use std::fmt::Write;

use yew::prelude::*;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a with a last stir: a picture needs spread, not secrecy.
fn spread(name: &str) -> u64 {
    let mut hash = name
        .bytes()
        .fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) name: AttrValue,
}

/// Five by five squares, the left half mirrored, in two colours.
#[component]
pub(crate) fn Ident(props: &Props) -> Html {
    let drawn = use_memo(props.name.clone(), |name| {
        let hash = spread(name);
        let mut squares = String::new();
        for cell in 0..15_u64 {
            let (column, row) = (cell / 5, cell % 5);
            if hash >> cell & 1 == 1 {
                for column in [column, 4 - column] {
                    let _ = write!(squares, "M{} {}h5v5h-5z", 3 + 5 * column, 3 + 5 * row);
                    if column == 2 {
                        break;
                    }
                }
            }
        }
        let paper = (hash >> 20) % 360;
        let ink = (paper + 120 + (hash >> 40) % 120) % 360;
        (
            squares,
            format!("oklch(.9 .05 {paper})"),
            format!("oklch(.45 .12 {ink})"),
        )
    });
    let (squares, paper, ink) = &*drawn;
    html! {
        <svg class="ident" viewBox="0 0 31 31" aria-hidden="true">
            <rect width="31" height="31" fill={paper.clone()} />
            <path d={squares.clone()} fill={ink.clone()} />
        </svg>
    }
}
