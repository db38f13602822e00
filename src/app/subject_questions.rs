//! Answers which streams store a subject, and which streams overlap.

use std::sync::Arc;

use super::App;
use super::app_request::AppRequest;
use super::notice::Level;
use super::row_key::DetailTarget;
use super::subject_report::{StoredSubject, StreamOverlap, SubjectReport};
use crate::health::{StoringPartition, StreamTruth, SubjectStorage};
use crate::model::parse_subject;

/// Rows of a report at most: nobody reads more of them, and a script asks `liftui subjects`.
const MOST_ROWS: usize = 500;

impl App {
    /// Shows which streams store a subject; without one, which streams overlap.
    pub(super) fn show_subjects(&mut self, text: &str) {
        let subject = match text.trim() {
            "" => None,
            text => match parse_subject(text) {
                Ok(subject) => Some(subject),
                Err(sentence) => return self.context.notify(Level::Error, sentence),
            },
        };
        let truth = self.cluster.truth();
        let storage = SubjectStorage::of(truth);
        let mut report = SubjectReport {
            subject: subject.clone(),
            stream: None,
            storing: Vec::new(),
            overlaps: Vec::new(),
            streams: truth.streams.len(),
            left_out: 0,
            as_of: truth.as_of.unwrap_or(self.context.now),
        };
        if let Some(subject) = &subject {
            report.storing = storage.storing(subject).iter().map(stored).collect();
        } else {
            let streams = truth.streams.iter();
            let overlapping = streams.flat_map(|stream| overlaps(stream, &storage));
            report.overlaps = overlapping.collect();
        }
        self.show_subject_report(report);
    }

    /// Shows what the selected stream stores, and who else does.
    pub(super) fn show_subjects_of(&mut self, name: &str) {
        let truth = self.cluster.truth();
        let Some(stream) = truth.stream(name) else {
            return;
        };
        let storage = SubjectStorage::of(truth);
        let own = stream.partitions.iter();
        let own = own.map(|partition| stored(&StoringPartition { stream, partition }));
        let report = SubjectReport {
            subject: None,
            stream: Some(Arc::clone(&stream.name)),
            storing: own.collect(),
            overlaps: overlaps(stream, &storage),
            streams: truth.streams.len(),
            left_out: 0,
            as_of: truth.as_of.unwrap_or(self.context.now),
        };
        self.show_subject_report(report);
    }

    fn show_subject_report(&mut self, mut report: SubjectReport) {
        let rows = report.storing.len() + report.overlaps.len();
        report.left_out = rows.saturating_sub(MOST_ROWS);
        report.storing.truncate(MOST_ROWS);
        report.overlaps.truncate(MOST_ROWS - report.storing.len());
        let target = DetailTarget::Subjects(Arc::new(report));
        self.context.request(AppRequest::ShowDetail(target));
    }
}

fn stored(place: &StoringPartition<'_>) -> StoredSubject {
    StoredSubject {
        stream: Arc::clone(&place.stream.name),
        partition: place.partition.id,
        subject: place.subject(),
        status: place.partition.status,
        readonly: place.partition.readonly.as_bool(),
    }
}

fn overlaps(stream: &StreamTruth, storage: &SubjectStorage<'_>) -> Vec<StreamOverlap> {
    let (overlaps, _are_all) = storage.overlaps(stream);
    let overlaps = overlaps.into_iter().map(|overlap| StreamOverlap {
        stream: Arc::clone(&stream.name),
        subject: overlap.own_subject,
        other: stored(&overlap.other),
    });
    overlaps.collect()
}
