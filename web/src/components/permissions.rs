//! Who may act for the account: permissions with their keys, accounts, weights, thresholds and groups.

use credo_web::protocol::{AccountView, GroupView, Intent, ItemView, PermissionView};
use yew::prelude::*;

use super::deed::Deed;
use super::{Button, CopyButton, Form, Layout, Meter, Weight};
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) account: AccountView,
    pub(crate) ondeed: Callback<Deed>,
}

/// The two that every account has; they can't be made anew.
fn fixed(name: &str) -> bool {
    matches!(name, "active" | "owner")
}

fn press(ondeed: &Callback<Deed>, deed: impl Fn() -> Deed + 'static) -> Callback<()> {
    let ondeed = ondeed.clone();
    Callback::from(move |()| ondeed.emit(deed()))
}

fn item_name(item: &ItemView) -> Html {
    html! {
        <>
            <span class={classes!("break", item.is_key.then_some("mono"))} title={item.who.clone()}>
                { if item.is_key { format::short(&item.who) } else { item.who.clone() } }
            </span>
            if item.is_key { <CopyButton text={item.who.clone()} label="Copy the public key" /> }
            if item.mine { <span class="faint">{ "this wallet's key" }</span> }
        </>
    }
}

#[component]
pub(crate) fn Permissions(props: &Props) -> Html {
    let Props { account, ondeed } = props;
    html! {
        <div class="stack">
            { for account.permissions.iter().map(|permission| permission_view(permission, account, ondeed)) }
            { for account.groups.iter().map(|group| group_view(group, account, ondeed)) }
            if account.owner {
                <Layout form={Form::Row}>
                    <Button onpress={press(ondeed, Deed::add_permission)}>{ "Add a permission…" }</Button>
                    <Button onpress={press(ondeed, Deed::add_group)}>{ "Add a group…" }</Button>
                </Layout>
            } else {
                <p class="faint">{ "This wallet's key alone can't change them: that needs the owner permission. Propose a change instead." }</p>
            }
        </div>
    }
}

fn permission_view(permission: &PermissionView, account: &AccountView, ondeed: &Callback<Deed>) -> Html {
    let name = permission.name.clone();
    let threshold = permission.threshold;
    let add = {
        let name = name.clone();
        press(ondeed, move || Deed::assign(&name, threshold, "", 0))
    };
    let change = {
        let name = name.clone();
        press(ondeed, move || Deed::threshold(&name, threshold))
    };
    let remove = {
        let name = name.clone();
        press(ondeed, move || {
            let permission = name.clone();
            Deed::direct(format!("Remove {name}"), Intent::DropPermission { permission })
        })
    };
    html! {
        <section class="permission" key={name.clone()} aria-label={format!("Permission {name}")}>
            <div class="row between">
                <h3>{ &name }{ " " }<span class="faint">{ format!("threshold {threshold}") }</span></h3>
                if account.owner {
                    <Layout form={Form::Row}>
                        <Button weight={Weight::Small} onpress={add} label={format!("Add a key or account to {name}")}>{ "Add…" }</Button>
                        if !fixed(&name) {
                            <Button weight={Weight::Small} onpress={change} label={format!("Change the threshold of {name}")}>{ "Threshold…" }</Button>
                            <Button weight={Weight::Small} onpress={remove} label={format!("Remove the permission {name}")}>{ "Remove…" }</Button>
                        }
                    </Layout>
                }
            </div>
            <ul class="items">
                { for permission.items.iter().map(|item| {
                    let (who, weight) = (item.who.clone(), item.weight);
                    let change = {
                        let (name, who) = (name.clone(), who.clone());
                        press(ondeed, move || Deed::assign(&name, threshold, &who, weight))
                    };
                    let remove = {
                        let (name, who) = (name.clone(), who.clone());
                        press(ondeed, move || Deed::direct(format!("Take out of {name}"), Intent::RevokeItem { permission: name.clone(), who: who.clone() }))
                    };
                    html! {
                        <li key={who.clone()}>
                            <div class="grow row">{ item_name(item) }</div>
                            <span class="weight">
                                <span class="num">{ format!("{weight} of {threshold}") }</span>
                                <Meter percent={100.0 * f64::from(weight) / f64::from(threshold.max(1))} label="Of the threshold" />
                            </span>
                            if account.owner {
                                <Button weight={Weight::Small} onpress={change} label={format!("Change the weight of {} in {name}", format::short(&who))}>{ "Weight…" }</Button>
                                <Button weight={Weight::Small} onpress={remove} label={format!("Take {} out of {name}", format::short(&who))}>{ "Remove…" }</Button>
                            }
                        </li>
                    }
                }) }
                { for permission.groups.iter().map(|group| {
                    let remove = {
                        let (name, group) = (name.clone(), group.clone());
                        press(ondeed, move || Deed::direct(format!("Take out of {name}"), Intent::RemoveFromPermission { permission: name.clone(), group: group.clone() }))
                    };
                    html! {
                        <li key={format!("group-{group}")}>
                            <span class="grow">{ format!("the group {group}") }</span>
                            if account.owner { <Button weight={Weight::Small} onpress={remove} label={format!("Take the group {group} out of {name}")}>{ "Remove…" }</Button> }
                        </li>
                    }
                }) }
                if permission.items.is_empty() && permission.groups.is_empty() { <li class="faint">{ "Nobody yet: active counts instead." }</li> }
            </ul>
        </section>
    }
}

fn group_view(group: &GroupView, account: &AccountView, ondeed: &Callback<Deed>) -> Html {
    let name = group.name.clone();
    let add = {
        let name = name.clone();
        press(ondeed, move || Deed::assign_group(&name))
    };
    let use_it = {
        let name = name.clone();
        press(ondeed, move || Deed::add_to_permission(&name))
    };
    let remove = {
        let name = name.clone();
        press(ondeed, move || {
            Deed::direct(
                format!("Remove the group {name}"),
                Intent::DropGroup { group: name.clone() },
            )
        })
    };
    html! {
        <section class="permission" key={format!("group-{name}")} aria-label={format!("Group {name}")}>
            <div class="row between">
                <h3>{ &name }{ " " }<span class="faint">{ "group" }</span></h3>
                if account.owner {
                    <Layout form={Form::Row}>
                        <Button weight={Weight::Small} onpress={add} label={format!("Add a key or account to the group {name}")}>{ "Add…" }</Button>
                        <Button weight={Weight::Small} onpress={use_it} label={format!("Let the group {name} count in a permission")}>{ "Use…" }</Button>
                        <Button weight={Weight::Small} onpress={remove} label={format!("Remove the group {name}")}>{ "Remove…" }</Button>
                    </Layout>
                }
            </div>
            <ul class="items">
                { for group.items.iter().map(|item| {
                    let who = item.who.clone();
                    let remove = {
                        let (name, who) = (name.clone(), who.clone());
                        press(ondeed, move || Deed::direct(format!("Take out of {name}"), Intent::RevokeGroup { group: name.clone(), who: who.clone() }))
                    };
                    html! {
                        <li key={who.clone()}>
                            <div class="grow row">{ item_name(item) }</div>
                            <span class="num">{ format!("counts {}", item.weight) }</span>
                            if account.owner { <Button weight={Weight::Small} onpress={remove} label={format!("Take {} out of the group {name}", format::short(&who))}>{ "Remove…" }</Button> }
                        </li>
                    }
                }) }
                if group.items.is_empty() { <li class="faint">{ "Nobody yet." }</li> }
            </ul>
        </section>
    }
}
