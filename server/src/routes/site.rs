//! `/site/…`: the indexed files themselves, for a preview where no web server has them.

use std::path::PathBuf;

use actix_files::Files;
use actix_web::{
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::header::{CONTENT_TYPE, HeaderValue},
    web,
};

/// Where the files are served.
pub(crate) const MOUNT: &str = "/site";

/// Serves the files below `dir`. Markdown is sent as plain text: browsers would offer it as a download.
pub(crate) fn scope(
    dir: PathBuf,
) -> actix_web::Scope<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    use actix_web::dev::Service;
    web::scope(MOUNT)
        .wrap_fn(|request, service| {
            let is_source = request.path().ends_with(".md") || request.path().ends_with(".mdx");
            let answer = service.call(request);
            async move {
                let mut answer = answer.await?;
                if is_source && answer.status().is_success() {
                    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
                    answer.headers_mut().insert(CONTENT_TYPE, plain);
                    answer.headers_mut().remove("Content-Disposition");
                }
                Ok(answer)
            }
        })
        .service(Files::new("/", dir).index_file("index.html"))
}
