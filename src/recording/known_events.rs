//! The last of each kind of answer: what a dashboard has to be told that begins in the middle of a recording.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::Event;
use crate::model::{BrokerView, CursorId, FirstUnread, PartitionId, Probe, StreamName};

/// The last answers of brokers.
#[derive(Debug, Default)]
pub(super) struct KnownEvents {
    tick: Option<Event>,
    viewport: Option<Event>,
    connection: Option<Event>,
    /// By address: the last good view, and the last one where that was none.
    views: BTreeMap<Arc<str>, [Option<Arc<BrokerView>>; 2]>,
    probes: BTreeMap<(StreamName, PartitionId), Probe>,
    cursors: Option<Event>,
    cursors_left_out: Option<Event>,
    unread: BTreeMap<(CursorId, StreamName, PartitionId), FirstUnread>,
    groups: Option<Event>,
    activity: Option<Event>,
}

impl KnownEvents {
    /// This happened.
    pub(super) fn record(&mut self, event: &Event) {
        let kept = match event {
            Event::Tick(_) => &mut self.tick,
            Event::Viewport(_) => &mut self.viewport,
            Event::Connection(_) => &mut self.connection,
            Event::Cursors(_) => {
                self.cursors_left_out = None;
                &mut self.cursors
            }
            Event::CursorsLeftOut(_) => &mut self.cursors_left_out,
            Event::Groups(_) => &mut self.groups,
            Event::Activity(_) => &mut self.activity,
            Event::BrokerView(view) => return self.record_view(view),
            Event::Probe(probe) => {
                let key = (Arc::clone(&probe.stream), probe.partition);
                self.probes.insert(key, probe.clone());
                return;
            }
            Event::FirstUnread(read) => return self.record_unread(read),
            Event::Key(_)
            | Event::KeysQuiet
            | Event::ContinueAssessment
            | Event::Paste(_)
            | Event::Mouse(_)
            | Event::Resized { .. }
            | Event::Tail(..)
            | Event::Scan(..)
            | Event::Fields(..)
            | Event::ValueDecoded(..)
            | Event::Done(..)
            | Event::CursorMovePlanned(..)
            | Event::Edited(..)
            | Event::Exported(..)
            | Event::Statistics(..)
            | Event::Console(..)
            | Event::LineParsed(..)
            | Event::SettingsRead(_)
            | Event::ThemeSet(_)
            | Event::LogRead(_)
            | Event::Table(..)
            | Event::KeyHistory(..)
            | Event::Verification(..)
            | Event::Copied(..)
            | Event::Recorded { .. }
            | Event::Failed(_)
            | Event::Shutdown => return,
        };
        *kept = Some(event.clone());
    }

    fn record_view(&mut self, view: &Arc<BrokerView>) {
        let known = self.views.entry(Arc::clone(&view.address)).or_default();
        let view = Some(Arc::clone(view));
        *known = match &view {
            Some(one) if one.result.is_ok() => [view, None],
            _ => [known[0].take(), view],
        };
    }

    fn record_unread(&mut self, read: &[FirstUnread]) {
        for read in read {
            self.unread.insert(read.cursor.key(), read.clone());
        }
    }

    /// What was read of cursors that are gone says nothing any more.
    fn forget_unread(&mut self) {
        if let Some(Event::Cursors(Ok(cursors))) = &self.cursors {
            let cursors = cursors.iter();
            let there: BTreeSet<_> = cursors
                .map(|one| (&*one.id, &*one.stream, one.partition))
                .collect();
            self.unread.retain(|(id, stream, partition), _| {
                there.contains(&(&**id, &**stream, *partition))
            });
        }
    }

    /// What a dashboard that begins now is told, in this order.
    pub(super) fn events(&mut self) -> Vec<Event> {
        self.forget_unread();
        let views = self.views.values().flatten().flatten();
        let good = views.clone().filter_map(|view| view.result.as_ref().ok());
        // A probe of what is gone says nothing any more.
        let good: Vec<_> = good.collect();
        self.probes.retain(|(stream, partition), _| {
            let mut clusters = good.iter();
            clusters.any(|cluster| cluster.partition(stream, *partition).is_some())
        });
        let views = self.views.values().flatten().flatten();
        let views = views.map(|view| Event::BrokerView(Arc::clone(view)));
        let probes = self.probes.values().cloned().map(Event::Probe);
        let first = [&self.tick, &self.viewport, &self.connection];
        let unread = self.unread.values().cloned().collect::<Vec<_>>();
        let unread = (!unread.is_empty()).then_some(Event::FirstUnread(unread));
        let last = [
            &self.cursors,
            &self.cursors_left_out,
            &unread,
            &self.groups,
            &self.activity,
            &self.tick,
        ];
        let first = first.into_iter().flatten().cloned();
        let last = last.into_iter().flatten().cloned();
        first.chain(views).chain(probes).chain(last).collect()
    }
}
