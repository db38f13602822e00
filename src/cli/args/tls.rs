//! Options about TLS, which every command takes.

use std::path::PathBuf;

use clap::Args;

use crate::config::TlsFiles;

/// How brokers are spoken to.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct TlsArgs {
    /// Speak TLS, trusting the system's roots
    #[arg(long, global = true)]
    tls: bool,
    /// Trust the roots in this PEM file instead of the system's; implies --tls
    #[arg(long, global = true, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// The client's certificate, PEM; implies --tls
    #[arg(long, global = true, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The client's key, PEM; implies --tls
    #[arg(long, global = true, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// The name in the brokers' certificates; implies --tls
    #[arg(long, global = true, value_name = "NAME")]
    tls_server_name: Option<String>,
}

impl TlsArgs {
    /// The files, where TLS was asked for.
    pub(super) fn files(&self) -> Option<TlsFiles> {
        let files = TlsFiles {
            ca: self.tls_ca.clone(),
            cert: self.tls_cert.clone(),
            key: self.tls_key.clone(),
            server_name: self.tls_server_name.clone(),
        };
        (self.tls || files != TlsFiles::default()).then_some(files)
    }
}
