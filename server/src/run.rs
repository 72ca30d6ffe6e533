//! Opens the index, listens, and stops gracefully.

use std::time::Duration;

use actix_web::{
    App, HttpServer,
    middleware::Compress,
    rt::signal::unix::{Signal, SignalKind, signal},
};
use anyhow::{Context, Result};
use cloze_query::Engine;

use crate::{ServerConfig, State, app, reload, routes};

/// Longest time that a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Seconds that requests in progress get to finish after SIGTERM or SIGINT.
const SHUTDOWN_SECONDS: u64 = 30;

/// Serves until a signal ends it; what has begun is finished.
///
/// # Errors
/// If the index or the model cannot be opened, or the address not be listened at.
pub fn run(config: &ServerConfig) -> Result<()> {
    let engine = if config.keyword_only {
        Engine::open_keyword_only(&config.index, "started with --keyword-only")?
    } else {
        Engine::open(&config.index, config.model.as_ref())?
    };
    if let Some(site) = &config.site {
        std::fs::read_dir(site).with_context(|| format!("cannot show the files of {}", site.display()))?;
    }
    let manifest = engine.generation().manifest();
    let held = format!("generation {}, {} pages", manifest.generation, manifest.counts.pages);
    let state = State::new(engine, config.max_in_flight, config.timeout);
    reload::follow(state.clone(), config.index.clone(), config.model.clone()).context("cannot start a thread")?;
    let site = config.site.clone();
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let (state, site) = (state.clone(), site.clone());
            App::new()
                .wrap(Compress::default())
                .wrap(app::security_headers())
                .configure(move |c| {
                    if let Some(dir) = site {
                        c.service(routes::site::scope(dir));
                    }
                })
                .configure(app::routes(state))
        })
        .workers(cloze_models::available_threads())
        .disable_signals()
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .bind(config.listen)
        .with_context(|| format!("cannot listen at {}; choose another address with --listen", config.listen))?;
        // Before anybody is told the address, so that no signal comes too early.
        let signals = Signals::catch().context("cannot catch signals")?;
        // With port 0 the system chooses one: say which.
        let address = server.addrs().first().copied().unwrap_or(config.listen);
        println!("search page: http://{address}/   ({held})");
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(async move {
            signals.wait().await;
            handle.stop(true).await;
        });
        running.await.context("the server stopped")
    })
}

/// The signals that end the server.
struct Signals {
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(mut self) {
        std::future::poll_fn(|context| {
            let caught = self.term.poll_recv(context).is_ready() || self.interrupt.poll_recv(context).is_ready();
            if caught { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}
