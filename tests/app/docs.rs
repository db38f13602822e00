//! The pages for readers: links lead somewhere, commands run, keys and queries are real, and the pages of reference are the program's own tables.

mod commands;
mod links;
mod markdown;
mod reference;
mod words;
