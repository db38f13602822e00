//! A figure as a picture: how it grows with its size, both axes in powers of ten, the least and the most of its runs as bars.

use std::path::Path;

use plotters::prelude::*;

use crate::demo_cluster::Outcome;
use crate::figures::{Figure, Point, Runs};

const PIXELS: (u32, u32) = (760, 380);
const OURS: RGBColor = RGBColor(0x1f, 0x6f, 0xeb);
const THEIRS: RGBColor = RGBColor(0x9a, 0x67, 0x00);

/// Writes the picture.
pub(crate) fn plot(figure: &Figure, file: &Path) -> Outcome {
    let root = SVGBackend::new(file, PIXELS).into_drawing_area();
    root.fill(&WHITE)?;
    let counts = || figure.points.iter().map(|point| f64::from(point.size));
    let all = figure.points.iter();
    let all: Vec<&Runs> = all
        .flat_map(|point| [Some(&point.ours), point.peer.as_ref()])
        .flatten()
        .collect();
    let least = all.iter().map(|runs| runs.min()).fold(f64::MAX, f64::min);
    let most = all.iter().map(|runs| runs.max()).fold(0.0, f64::max);
    let (from, to) = (
        counts().fold(f64::MAX, f64::min),
        counts().fold(0.0, f64::max),
    );
    let mut chart = ChartBuilder::on(&root)
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(72)
        .build_cartesian_2d(
            (from * 0.8..to * 1.25).log_scale(),
            (least.max(1e-4) * 0.5..most * 2.0).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc(figure.counts)
        .y_desc(figure.unit)
        .x_label_formatter(&|size| power_of_ten(*size))
        .y_label_formatter(&|value| power_of_ten(*value))
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(0xdd, 0xdd, 0xdd))
        .draw()?;
    let ours = along(&figure.points, |point| Some(point.ours.clone()));
    let theirs = along(&figure.points, |point| point.peer.clone());
    let theirs = figure.peer.map(|peer| (peer, THEIRS, theirs));
    for (name, colour, points) in theirs.into_iter().chain([("liftui", OURS, ours)]) {
        let middles = points.iter().map(|(size, runs)| (*size, runs.median()));
        chart
            .draw_series(LineSeries::new(middles, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        let bars = points.iter().map(|(size, runs)| {
            let (least, middle, most) = (runs.min(), runs.median(), runs.max());
            ErrorBar::new_vertical(*size, least, middle, most, colour.filled(), 8)
        });
        chart.draw_series(bars)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .draw()?;
    root.present()?;
    Ok(())
}

fn along(points: &[Point], runs: impl Fn(&Point) -> Option<Runs>) -> Vec<(f64, Runs)> {
    let points = points.iter();
    points
        .filter_map(|point| Some((f64::from(point.size), runs(point)?)))
        .collect()
}

fn power_of_ten(value: f64) -> String {
    match value {
        1_000_000.0.. => format!("{}M", value / 1_000_000.0),
        1_000.0.. => format!("{}k", value / 1_000.0),
        _ => format!("{value}"),
    }
}
