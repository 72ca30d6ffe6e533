//! Opens the index, listens, and stops gracefully.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    middleware::{Compress, from_fn},
    rt::{
        signal::unix::{Signal, SignalKind, signal},
        time::sleep,
    },
    web,
};
use anyhow::{Context, Result};
use cloze_query::{Engine, Place};

use crate::{ServerConfig, State, access, analytics::Analytics, app, reload, routes, tls};

/// Longest time that a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a start waits for the model where its lookup table can answer meanwhile.
const LOAD_FOR: Duration = Duration::from_secs(1);
/// How often the counts are written to disk.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// Seconds that requests in progress get to finish after SIGTERM or SIGINT.
const SHUTDOWN_SECONDS: u64 = 30;

/// Serves until a signal ends it, and finishes the requests in flight.
///
/// # Errors
/// If the index or the model cannot be opened, or the address not be listened at.
pub fn run(config: &ServerConfig) -> Result<()> {
    let place = Place::of(config.index.clone(), config.body.as_ref())?;
    let generation = place.open_or_previous()?;
    let engine = if config.keyword_only {
        Engine::keyword_only_on(generation, "the server runs with --keyword-only")
    } else {
        Engine::on(generation, config.model.as_ref())?
    };
    if !engine.has_table() {
        engine.load()?;
    }
    if let Some(site) = &config.site {
        std::fs::read_dir(site).with_context(|| format!("cannot read the folder {} (--site)", site.display()))?;
    }
    if let Some(reason) = engine.generation().stale() {
        tracing::warn!(reason, "the live generation is damaged; the server uses the previous one");
    }
    let manifest = engine.generation().manifest();
    let held = format!("generation {}, {} pages", manifest.generation, manifest.counts.pages);
    let state = State::new(engine, config).context("cannot start threads or use the state directory (--state-dir)")?;
    reload::follow(state.clone()).context("cannot start a thread")?;
    let tls = config.tls.as_ref().map(|(certificate, key)| tls::load(certificate, key)).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (site, origins) = (config.site.clone(), config.cors_origins.clone());
    let (analytics, ending, drain) = (state.analytics.clone(), state.clone(), config.drain);
    let (warming, loaded) = warm(state.engine()).context("cannot start a thread")?;
    // A start that is nearly over is waited for: then the model answers from the first request on.
    let _ = loaded.recv_timeout(LOAD_FOR);
    let served = actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let (state, site) = (state.clone(), site.clone());
            // The last one is the first to see a request: refusals carry the headers too, and pages of
            // listed origins can read them.
            App::new()
                .wrap(Compress::default())
                .wrap(from_fn(access::admit))
                .wrap(app::cors(&origins))
                .wrap(from_fn(access::observe))
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
        .shutdown_timeout(SHUTDOWN_SECONDS);
        let bound = match tls {
            Some(tls) => server.bind_rustls_0_23(config.listen, tls),
            None => server.bind(config.listen),
        };
        let server = bound
            .with_context(|| format!("cannot listen on {}; choose another address with --listen", config.listen))?;
        // Before anybody is told the address, so that no signal comes too early.
        let signals = Signals::catch().context("cannot handle signals")?;
        // With port 0 the system chooses one: say which.
        let address = server.addrs().first().copied().unwrap_or(config.listen);
        println!("search page: {scheme}://{address}/   ({held})");
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(async move {
            signals.wait().await;
            ending.end();
            sleep(drain).await;
            handle.stop(true).await;
        });
        if let Some(analytics) = analytics.clone() {
            actix_web::rt::spawn(save_now_and_then(analytics));
        }
        running.await.context("the server stopped with an error")?;
        analytics.map_or(Ok(()), |analytics| analytics.save()).context("cannot write the counts of analytics")
    });
    // ONNX Runtime must not be taken down while it loads.
    warming.join().ok();
    served
}

/// Loads the models in a thread: the encoder, and the one that predicts masked tokens, so that the first mistyped
/// query does not wait for it. The receiver hears when the encoder is loaded, or cannot be.
fn warm(engine: Arc<Engine>) -> std::io::Result<(JoinHandle<()>, Receiver<()>)> {
    let (tell, loaded) = channel();
    let load = move || {
        if let Err(error) = engine.load() {
            tracing::error!(%error, "cannot load the model; its lookup table answers instead");
        }
        // The receiver is gone if loading took long.
        let _ = tell.send(());
        let _ = engine.mask_model();
    };
    Ok((std::thread::Builder::new().name("models".into()).spawn(load)?, loaded))
}

/// Writes the counts to disk as they grow; a power cut loses one minute of them.
async fn save_now_and_then(analytics: Arc<Analytics>) {
    loop {
        sleep(SAVE_EVERY).await;
        let analytics = analytics.clone();
        if let Ok(Err(error)) = web::block(move || analytics.save()).await {
            tracing::error!(%error, "cannot write the counts of analytics");
        }
    }
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
