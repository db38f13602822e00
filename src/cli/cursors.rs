//! `cursors`, `cursor get` and `groups`: how far consumers have read.
//! Setting a cursor is one operation, in `change`.

use serde_json::json;

use super::args::CursorGetArgs;
use super::exit::{Exit, Result, Trouble};
use super::output::{Column, Shape};
use super::session::Session;

static ONE: Shape = Shape {
    fields: &["id", "stream", "partition", "offset"],
    raw: &["offset"],
    columns: &[
        Column::text("ID", "id", 0),
        Column::text("STREAM", "stream", 0),
        Column::number("PARTITION", "partition", 0),
        Column::number("OFFSET", "offset", 0),
    ],
};

/// Prints the offset that a cursor is at.
pub(crate) async fn get(session: &mut Session<'_>, args: &CursorGetArgs) -> Result {
    let (stream, partition) = &args.place;
    let client = session.client()?;
    let offset = client.fetch_cursor(&args.id, stream, *partition).await?;
    let Some(offset) = offset else {
        return Err(Trouble::new(
            Exit::NOT_FOUND,
            format!(
                "cursor \"{}\" has read nothing of {stream}:{partition}",
                args.id
            ),
        ));
    };
    let found = json!({
        "id": args.id,
        "stream": stream,
        "partition": partition,
        "offset": offset,
    });
    session.printer(&ONE, args.output).all(&[found])?;
    Ok(Exit::DONE)
}
