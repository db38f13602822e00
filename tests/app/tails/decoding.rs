//! Values that a program decodes: what is asked for, when, and what the screen makes of the answers.

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::KeyCode;
use liftui::app::{
    DecodedValue, DecoderCommand, Effect, Event, Playback, PlaybackState, ReadSettings, Schemas,
    Settings, ValueToDecode,
};
use liftui::model::Offset;

use super::Dashboard;
use crate::screens::shown;

fn decoders(program: &str) -> Schemas {
    let command = DecoderCommand {
        words: vec![program.to_owned()],
        folder: PathBuf::from("/etc"),
    };
    Schemas::new([("orders".to_owned(), command)])
}

/// A tail of one partition whose values a program decodes.
fn decoding() -> Dashboard {
    let settings = Settings {
        schemas: decoders("decode"),
        ..Settings::default()
    };
    Dashboard::with_settings(1, settings)
}

/// What was asked for last since this was looked at, if anything.
fn asked(dashboard: &mut Dashboard) -> Option<Vec<ValueToDecode>> {
    let mut effects = dashboard.effects().into_iter().rev();
    effects.find_map(|effect| {
        if let Effect::DecodeValues(values) = effect {
            return Some(values);
        }
        None
    })
}

fn offsets(values: &[ValueToDecode]) -> Vec<Offset> {
    let mut offsets: Vec<Offset> = values.iter().map(|one| one.id.message.offset).collect();
    offsets.sort_unstable();
    offsets
}

fn answer(dashboard: &mut Dashboard, values: Vec<ValueToDecode>) {
    for value in values {
        let offset = value.id.message.offset;
        let text = format!("{{\"a\":1,\"b\":2,\"offset\":{offset}}}");
        dashboard.event(Event::ValueDecoded(value.id, Ok(text.into())));
    }
}

fn answer_all(dashboard: &mut Dashboard) {
    while let Some(values) = asked(dashboard) {
        answer(dashboard, values);
    }
}

#[test]
fn what_is_on_the_screen_and_a_page_around_it_is_asked_for_and_nothing_else() {
    let mut dashboard = decoding();
    dashboard.give(0, 0..100);
    let values = asked(&mut dashboard).expect("they are in sight");
    assert_eq!(offsets(&values), (80..100).collect::<Vec<_>>());
    let rows: Vec<Offset> = values[1..10]
        .iter()
        .map(|one| one.id.message.offset)
        .collect();
    assert!(
        rows.iter().all(|offset| *offset >= 90),
        "first what is seen: {rows:?}"
    );
    answer(&mut dashboard, values);
    assert_eq!(asked(&mut dashboard), None, "all is known");
    dashboard.press("k");
    let values = asked(&mut dashboard);
    assert!(values.is_none_or(|values| offsets(&values) == [79]));

    dashboard.press("g");
    let values = asked(&mut dashboard).expect("others are in sight");
    assert_eq!(offsets(&values), (0..20).collect::<Vec<_>>());
    // On another screen nothing of it is needed any more.
    dashboard.press("1");
    assert_eq!(asked(&mut dashboard), Some(vec![]));
    dashboard.press("2");
    assert_eq!(asked(&mut dashboard), None);
    dashboard.press("6");
    let values = asked(&mut dashboard).expect("they are in sight again");
    assert_eq!(offsets(&values), (0..20).collect::<Vec<_>>());
}

#[test]
fn the_selected_line_stays_from_one_decoded_message_to_the_next() {
    let mut dashboard = decoding();
    dashboard.give(0, 0..30);
    answer_all(&mut dashboard);
    dashboard.key(KeyCode::Enter);
    answer_all(&mut dashboard);
    let selected = |dashboard: &Dashboard| {
        let mut rows = dashboard.app.tails().inspector().rows(10);
        rows.position(|(_, selected)| selected)
    };
    dashboard.press("jjj");
    assert_eq!(selected(&dashboard), Some(3));
    dashboard.press("[");
    assert_eq!(selected(&dashboard), Some(3));
    assert!(shown(&dashboard.app).contains("\"offset\": 28"));
    // Its bytes, and what was made of them again.
    dashboard.press("b");
    assert!(!shown(&dashboard.app).contains("\"offset\": 28"));
}

#[test]
fn a_refresh_and_other_decoders_have_all_decoded_anew() {
    let mut dashboard = decoding();
    dashboard.give(0, 0..5);
    let first = asked(&mut dashboard).expect("they are in sight");
    let failed: DecodedValue = Err("exited with 1".into());
    for value in first {
        dashboard.event(Event::ValueDecoded(value.id, failed.clone()));
    }
    assert_eq!(
        asked(&mut dashboard),
        None,
        "what failed is not asked again by itself"
    );
    dashboard.press("r");
    let effects = dashboard.effects();
    let restart = effects
        .iter()
        .position(|one| *one == Effect::RestartDecoders);
    let again = effects
        .iter()
        .position(|one| matches!(one, Effect::DecodeValues(values) if values.len() == 5));
    assert!(restart.is_some() && restart < again, "{effects:?}");

    let other = |schemas| {
        let read = ReadSettings {
            schemas,
            ..ReadSettings::default()
        };
        Event::SettingsRead(Ok(Box::new(read)))
    };
    dashboard.event(other(decoders("other")));
    let values = asked(&mut dashboard).expect("by the other program");
    assert!(values.iter().all(|one| one.command.name() == "other"));
    dashboard.event(other(Schemas::default()));
    dashboard.effects();
    dashboard.press("r");
    assert_eq!(asked(&mut dashboard), None);
}

#[test]
fn nothing_is_asked_for_in_a_recording() {
    let mut dashboard = decoding();
    let now = dashboard.app.now();
    dashboard.app = dashboard.app.replayed(Playback {
        at: now,
        begin: now,
        end: now.plus(Duration::from_secs(60)),
        speed: 1,
        state: PlaybackState::Paused,
        has_messages: true,
        is_damaged: false,
    });
    dashboard.give(0, 0..30);
    dashboard.key(KeyCode::Enter);
    assert_eq!(asked(&mut dashboard), None);
    let screen = shown(&dashboard.app);
    assert!(
        screen.contains("decoder  decode is not run on what was"),
        "{screen}"
    );
}
