//! How times are shown: in which zone, as clocks or as ages, and what the user chooses of these.

use super::context::Context;
use super::notice::Level;
use crate::model::Zone;

/// Times of many rows become ages, or clocks again.
pub(super) fn toggle_ages(context: &mut Context) {
    context.times.ages = !context.times.ages;
    notify(context);
}

/// Goes on to the next zone: UTC, that of this machine, the one that the config or the user has named.
pub(super) fn next_zone(context: &mut Context) {
    let own = [
        Some(&context.settings.times.zone),
        context.named_zone.as_ref(),
    ];
    let mut zones = vec![Zone::Utc, Zone::Local];
    for zone in own.into_iter().flatten() {
        if !zones.contains(zone) {
            zones.push(zone.clone());
        }
    }
    let shown = zones.iter().position(|zone| *zone == context.times.zone);
    let next = shown.map_or(0, |at| (at + 1) % zones.len());
    if let Some(zone) = zones.into_iter().nth(next) {
        context.times.zone = zone;
    }
    notify(context);
}

/// Shows times in the zone of that name, which the key for zones goes to from now on.
pub(super) fn set_zone(name: &str, context: &mut Context) {
    match name.parse::<Zone>() {
        Ok(zone) => {
            context.named_zone = Some(zone.clone());
            context.times.zone = zone;
            notify(context);
        }
        Err(sentence) => context.notify(Level::Error, sentence),
    }
}

fn notify(context: &mut Context) {
    let times = &context.times;
    let now = times.date(context.now);
    let offset = now.rsplit(' ').next().unwrap_or_default();
    let form = if times.ages { "ages" } else { "clocks" };
    let zone = if times.zone == Zone::Utc {
        "UTC".to_owned()
    } else {
        format!("{} ({offset})", times.zone)
    };
    let text = format!("times in {zone}, lists as {form}");
    context.notify(Level::Note, text);
}
