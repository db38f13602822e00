//! The real terminal: its modes, its input, its clipboard. Whatever ends the program, they are put back as found.
//!
//! Decides neither when to draw nor what; the one place that writes to the terminal.

use std::io::{self, Stdout, Write};
use std::panic::{self, PanicHookInfo};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    EventStream,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    SetTitle,
};
use crossterm::{execute, queue, terminal};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use tokio_stream::Stream;

use super::row_repainter::RowRepainter;
use super::screen::{HostEvent, Screen};
use super::signals::{self, Signals};
use crate::app::{Announcement, DesktopForm};

/// Terminals drop longer OSC 52 sequences without a word; xterm takes 100,000 bytes of base64.
const CLIPBOARD_LIMIT: usize = 74_994;

/// Whether the modes are set. The terminal is one for the whole process, and so is the panic hook that reads this.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the title that was found was put aside.
static TITLED: AtomicBool = AtomicBool::new(false);

/// Puts the title aside, and takes it back (xterm's window operations 22 and 23).
const KEEP_TITLE: &[u8] = b"\x1b[22;0t";
const TAKE_TITLE_BACK: &[u8] = b"\x1b[23;0t";

/// The terminal that the process was started on.
#[derive(Debug)]
pub(super) struct RealTerminal {
    screen: Terminal<RowRepainter<CrosstermBackend<FrameWriter>>>,
    in_tmux: bool,
    /// Whether the mouse is reported here rather than selecting text.
    takes_mouse: bool,
    /// The title that was given.
    title: Option<String>,
    input: Option<EventStream>,
    signals: Signals,
    frames: u64,
}

impl RealTerminal {
    /// Takes the terminal over, with the mouse or without. Dropping this gives it back; so does a panic, before its message
    /// is printed.
    pub(super) fn take_over(takes_mouse: bool) -> io::Result<Self> {
        let signals = Signals::listen()?;
        restore_on_panic();
        let backend = CrosstermBackend::new(FrameWriter::new(io::stdout()));
        let mut screen = Self {
            screen: Terminal::new(RowRepainter::new(backend))?,
            in_tmux: std::env::var_os("TMUX").is_some_and(|value| !value.is_empty()),
            takes_mouse,
            title: None,
            input: None,
            signals,
            frames: 0,
        };
        screen.enter()?;
        Ok(screen)
    }
}

impl RealTerminal {
    fn writer(&mut self) -> &mut CrosstermBackend<FrameWriter> {
        self.screen.backend_mut().inner_mut()
    }

    /// Gives the terminal its title, once the one that it had is put aside.
    fn write_title(&mut self) -> io::Result<()> {
        let Some(title) = self.title.clone() else {
            return Ok(());
        };
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        let writer = self.writer();
        if !TITLED.swap(true, Ordering::SeqCst) {
            writer.write_all(KEEP_TITLE)?;
        }
        execute!(writer, SetTitle(title))
    }
}

/// The sequence as tmux hands it on to the terminal that it runs in.
fn passed_through(sequence: &[u8]) -> Vec<u8> {
    let mut wrapped = b"\x1bPtmux;".to_vec();
    for byte in sequence {
        if *byte == 0x1b {
            wrapped.push(0x1b);
        }
        wrapped.push(*byte);
    }
    wrapped.extend_from_slice(b"\x1b\\");
    wrapped
}

/// What makes the terminal show a notification of the desktop.
fn notification(announcement: &Announcement) -> Vec<u8> {
    let text = &announcement.text;
    match announcement.desktop {
        // A number in front would mean something else.
        Some(DesktopForm::Osc9) => format!("\x1b]9;liftui: {text}\x1b\\").into_bytes(),
        Some(DesktopForm::Osc777) => format!("\x1b]777;notify;liftui;{text}\x1b\\").into_bytes(),
        None => Vec::new(),
    }
}

impl Drop for RealTerminal {
    fn drop(&mut self) {
        // Before the modes: its thread must not read what is typed for the shell.
        self.input = None;
        restore();
    }
}

impl Screen for RealTerminal {
    fn draw(&mut self, paint: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()> {
        self.frames += 1;
        panic_for_the_test(self.frames);
        queue!(self.writer(), BeginSynchronizedUpdate)?;
        self.screen.draw(paint)?;
        execute!(self.writer(), EndSynchronizedUpdate)
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<HostEvent> {
        if let Poll::Ready(event) = self.signals.poll_event(context) {
            return Poll::Ready(event);
        }
        let Some(input) = &mut self.input else {
            return Poll::Pending;
        };
        Pin::new(input)
            .poll_next(context)
            .map(|report| match report {
                Some(Ok(report)) => HostEvent::Input(report),
                Some(Err(error)) => HostEvent::Lost(error),
                None => HostEvent::Lost(io::ErrorKind::UnexpectedEof.into()),
            })
    }

    fn enter(&mut self) -> io::Result<()> {
        // First the mark: what fails half-way is put back too.
        TAKEN.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        execute!(self.writer(), EnterAlternateScreen, EnableBracketedPaste)?;
        if self.takes_mouse {
            execute!(self.writer(), EnableMouseCapture)?;
        }
        self.write_title()?;
        self.repaint()?;
        // It may be taken twice, as after a stop from outside. A second reader would wait for the first for ever.
        self.input = None;
        self.input = Some(EventStream::new());
        Ok(())
    }

    fn repaint(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal for its cursor and wait for the answer, up to two seconds.
        let size = self.screen.size()?;
        self.screen.resize(size.into())
    }

    fn capture_mouse(&mut self, on: bool) -> io::Result<()> {
        self.takes_mouse = on;
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        if on {
            execute!(self.writer(), EnableMouseCapture)
        } else {
            execute!(self.writer(), DisableMouseCapture)
        }
    }

    fn announce(&mut self, announcement: &Announcement) -> io::Result<()> {
        // Whoever has the terminal now is not to be disturbed.
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        let sequence = notification(announcement);
        let in_tmux = self.in_tmux && !sequence.is_empty();
        let writer = self.writer();
        if announcement.bell {
            writer.write_all(b"\x07")?;
        }
        if in_tmux {
            // tmux knows none of these and keeps them, unless they are wrapped.
            writer.write_all(&passed_through(&sequence))?;
        } else {
            writer.write_all(&sequence)?;
        }
        Write::flush(writer)
    }

    fn set_title(&mut self, title: &str) -> io::Result<()> {
        self.title = Some(title.to_owned());
        self.write_title()
    }

    fn leave(&mut self) -> io::Result<()> {
        self.input = None;
        restore();
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        if text.len() > CLIPBOARD_LIMIT {
            let sentence = format!(
                "{} bytes are more than terminals put on the clipboard ({CLIPBOARD_LIMIT}); export with x instead",
                text.len()
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, sentence));
        }
        let mut sequence = Vec::new();
        queue!(sequence, CopyToClipboard::to_clipboard_from(text))?;
        let in_tmux = self.in_tmux;
        let writer = self.writer();
        writer.write_all(&sequence)?;
        if in_tmux {
            // tmux may keep the sequence to itself: what is wrapped so, it hands on where it is allowed to.
            writer.write_all(&passed_through(&sequence))?;
        }
        Write::flush(writer)
    }

    fn stop(&mut self) -> io::Result<()> {
        signals::stop_job()
    }
}

/// Sends a frame to the terminal in one piece. A frame that a panic cut short, and what the drawing library writes when it
/// is dropped, must not reach a terminal that was given back: then the bytes are forgotten instead.
#[derive(Debug)]
struct FrameWriter {
    frame: Vec<u8>,
    out: Stdout,
}

impl FrameWriter {
    fn new(out: Stdout) -> Self {
        let frame = Vec::with_capacity(1 << 16);
        Self { frame, out }
    }
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // Of one that has vanished nothing is asked any more: the drawing library panics where that fails as it is dropped.
        let sent = if TAKEN.load(Ordering::SeqCst) {
            let written = self.out.write_all(&self.frame);
            written.and_then(|()| self.out.flush())
        } else {
            Ok(())
        };
        self.frame.clear();
        sent
    }
}

/// Puts every mode back, once. Failures are passed over: after a hang-up there is no terminal to tell.
fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    if TITLED.swap(false, Ordering::SeqCst) {
        let _ = out.write_all(TAKE_TITLE_BACK);
    }
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        Show
    );
    let _ = terminal::disable_raw_mode();
    let _ = out.flush();
}

/// Before the message of a panic is printed, the terminal is made readable. A panic in a task of another thread does not
/// end the program (tokio contains it, the executor reports it): it goes to the log, not across the screen.
fn restore_on_panic() {
    let drawing = thread::current().id();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        if thread::current().id() != drawing && TAKEN.load(Ordering::SeqCst) {
            tracing::error!(%panic, "a task panicked");
            return;
        }
        restore();
        before(panic);
    }));
}

/// `LIFTUI_PANIC=draw` in a debug build panics in the second frame: how the PTY test sees that a bug leaves the terminal
/// as it was.
#[cfg(debug_assertions)]
fn panic_for_the_test(frame: u64) {
    let asked = std::env::var_os("LIFTUI_PANIC").is_some_and(|at| at == "draw");
    assert!(!(asked && frame == 2), "LIFTUI_PANIC=draw");
}

#[cfg(not(debug_assertions))]
fn panic_for_the_test(_frame: u64) {}
