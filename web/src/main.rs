//! The wallet's page: draws what the worker proved, holds the connections, passes on what the user does.
//!
//! [`app`] puts the pages in their frame, [`store`] holds what the worker said last, [`bridge`] carries messages
//! between the page, the worker and the relays. Pages compose components and hold no style of their own.

mod app;
mod bridge;
mod browser;
mod clock;
mod components;
mod environment;
mod format;
mod pages;
mod plane;
mod relays;
mod route;
mod store;
mod theme;

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn main() {
    let document = gloo::utils::document();
    let root = document
        .get_element_by_id("app")
        .unwrap_or_else(|| gloo::utils::body().into());
    yew::Renderer::<app::App>::with_root(root).render();
}
