//! The few things that the page asks of the browser: storage, clipboard, downloads, lasting storage.

use gloo::utils::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, ShareData, Storage, Url};

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Reads a setting; `None` also where storage is forbidden.
pub(crate) fn recall(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a setting where storage allows it.
pub(crate) fn remember(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A full or forbidden storage only costs the setting.
        let _ = storage.set_item(key, value);
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> f64 {
    js_sys::Date::now()
}

/// Puts text on the clipboard; false where the browser refuses.
pub(crate) async fn copy(text: &str) -> bool {
    // Not every context has a clipboard: plain http on another host has none.
    let navigator: JsValue = window().navigator().into();
    let present =
        js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|value| !value.is_undefined());
    present
        && JsFuture::from(window().navigator().clipboard().write_text(text))
            .await
            .is_ok()
}

/// Can this browser share text with other apps?
pub(crate) fn can_share() -> bool {
    let navigator: JsValue = window().navigator().into();
    js_sys::Reflect::get(&navigator, &"share".into()).is_ok_and(|value| value.is_function())
}

/// Offers text to the user's other apps.
pub(crate) async fn share(text: &str) {
    let data = ShareData::new();
    data.set_text(text);
    // A user who closes the sheet is no error.
    let _ = JsFuture::from(window().navigator().share_with_data(&data)).await;
}

/// Saves text as a file of the user's.
pub(crate) fn download(name: &str, text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&text.into());
    let options = BlobPropertyBag::new();
    options.set_type("application/json");
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let anchor: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // The click has started the download; the address may go once this turn is over.
    gloo::timers::callback::Timeout::new(10_000, move || {
        let _ = Url::revoke_object_url(&url);
    })
    .forget();
    Ok(())
}

/// Asks the browser not to evict what is stored here (design: keys must last).
pub(crate) async fn persist() {
    let navigator: JsValue = window().navigator().into();
    let present =
        js_sys::Reflect::get(&navigator, &"storage".into()).is_ok_and(|value| !value.is_undefined());
    if present && let Ok(promise) = window().navigator().storage().persist() {
        // Refusal changes nothing: the words are the backup.
        let _ = JsFuture::from(promise).await;
    }
}

/// A whole number below `bound`, for choices that need no secrecy.
pub(crate) fn pick(bound: usize) -> usize {
    let drawn = js_sys::Math::random() * bound as f64;
    (drawn as usize).min(bound.saturating_sub(1))
}
