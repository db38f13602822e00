//! A screen without a terminal: what is drawn can be read, what is typed comes from a test.

use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use crossterm::event::{Event, KeyEvent};
use liftui::app::Announcement;
use liftui::runtime::{HostEvent, Screen};
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::{Frame, Terminal};
use tokio::sync::{mpsc, watch};

/// What a test does to a test screen, or sees of it.
#[derive(Debug)]
pub(crate) struct ScreenControl {
    events: mpsc::UnboundedSender<HostEvent>,
    sizes: watch::Sender<(u16, u16)>,
    pub(crate) picture: watch::Receiver<Picture>,
}

/// What the screen shows and what was done to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Picture {
    pub(crate) text: String,
    pub(crate) frames: u64,
    pub(crate) copied: Option<String>,
    /// How often the screen was to be drawn whole.
    pub(crate) repainted: u64,
    /// How often the screen was left, as for an editor.
    pub(crate) left: u64,
    /// What was said last of whose the mouse is.
    pub(crate) captures_mouse: Option<bool>,
    /// What was announced, the oldest first.
    pub(crate) announced: Vec<String>,
    pub(crate) title: Option<String>,
    /// How often it was entered again.
    pub(crate) entered: u64,
}

impl ScreenControl {
    pub(crate) fn key(&self, key: KeyEvent) {
        self.send(HostEvent::Input(Event::Key(key)));
    }

    pub(crate) fn send(&self, event: HostEvent) {
        self.events.send(event).expect("the loop is running");
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        self.sizes.send_replace((width, height));
        self.send(HostEvent::Input(Event::Resize(width, height)));
    }
}

/// The screen.
#[derive(Debug)]
pub(crate) struct TestScreen {
    terminal: Terminal<TestBackend>,
    events: mpsc::UnboundedReceiver<HostEvent>,
    sizes: watch::Receiver<(u16, u16)>,
    picture: watch::Sender<Picture>,
    /// Every frame, where a test wants them.
    kept: Option<Frames>,
}

/// Every frame that was drawn, cell by cell.
pub(crate) type Frames = Arc<Mutex<Vec<Buffer>>>;

impl TestScreen {
    pub(crate) fn new(width: u16, height: u16) -> (Self, ScreenControl) {
        let (send, events) = mpsc::unbounded_channel();
        let (resize, sizes) = watch::channel((width, height));
        let (picture, look) = watch::channel(Picture::default());
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a buffer opens");
        let control = ScreenControl {
            events: send,
            sizes: resize,
            picture: look,
        };
        (
            Self {
                terminal,
                events,
                sizes,
                picture,
                kept: None,
            },
            control,
        )
    }
}

impl TestScreen {
    /// Keeps every frame from now on.
    pub(crate) fn keep_frames(&mut self) -> Frames {
        Arc::clone(self.kept.get_or_insert_default())
    }
}

impl Screen for TestScreen {
    fn draw(&mut self, draw: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()> {
        let (width, height) = *self.sizes.borrow_and_update();
        self.terminal.backend_mut().resize(width, height);
        self.terminal.draw(draw).map_err(io::Error::other)?;
        let buffer = self.terminal.backend().buffer();
        if let Some(kept) = &self.kept {
            kept.lock()
                .expect("no test has failed")
                .push(buffer.clone());
        }
        let text = text_of(buffer);
        self.picture.send_modify(|picture| {
            picture.text = text;
            picture.frames += 1;
        });
        Ok(())
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<HostEvent> {
        self.events
            .poll_recv(context)
            .map(|event| event.unwrap_or(HostEvent::Shutdown))
    }

    fn enter(&mut self) -> io::Result<()> {
        self.picture.send_modify(|picture| picture.entered += 1);
        Ok(())
    }

    fn repaint(&mut self) -> io::Result<()> {
        self.picture.send_modify(|picture| picture.repainted += 1);
        Ok(())
    }

    fn capture_mouse(&mut self, on: bool) -> io::Result<()> {
        self.picture
            .send_modify(|picture| picture.captures_mouse = Some(on));
        Ok(())
    }

    fn announce(&mut self, announcement: &Announcement) -> io::Result<()> {
        self.picture
            .send_modify(|picture| picture.announced.push(announcement.text.clone()));
        Ok(())
    }

    fn set_title(&mut self, title: &str) -> io::Result<()> {
        self.picture
            .send_modify(|picture| picture.title = Some(title.to_owned()));
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        self.picture.send_modify(|picture| picture.left += 1);
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.picture
            .send_modify(|picture| picture.copied = Some(text.to_owned()));
        Ok(())
    }

    fn stop(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The rows as text. A wide character fills two cells, the second of which holds nothing.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content().chunks(width);
    let texts = rows.map(|row| {
        row.iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect::<String>()
    });
    texts.map(|row| row.trim_end().to_owned() + "\n").collect()
}
