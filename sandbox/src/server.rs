//! Accepts connections on loopback, serves them with hyper, and cuts them for a fault.

use std::{pin::Pin, sync::Arc};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{api, executor::Executor, request::Request, response::Disconnect};

/// Accepts connections while it is polled; dropping it closes them all.
pub(crate) async fn run(listener: TcpListener, executor: Arc<Executor>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let number = executor.engine.accept();
                connections.spawn(serve(stream, number, Arc::clone(&executor)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, number: u64, executor: Arc<Executor>) {
    // Responses are small and written at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let executor = Arc::clone(&executor);
        async move {
            let request = Request::read(request).await;
            let response = api::serve(&executor, number, request).await?;
            Ok::<_, Disconnect>(response.into_response())
        }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = Pin::new(&mut connection).await;
    let cut = ended.as_ref().err().and_then(cut);
    if let Some(cut) = cut {
        end(connection.into_parts().io.into_inner(), cut).await;
    }
}

/// The fault behind hyper's "the service failed".
fn cut(error: &hyper::Error) -> Option<&Disconnect> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Cuts a connection; ignores one that the client closed.
async fn end(mut stream: TcpStream, cut: &Disconnect) {
    match cut {
        Disconnect::Reset => drop(stream.set_zero_linger()),
        Disconnect::Closed => {}
        Disconnect::MidBody(response) => {
            let _ = stream.write_all(&response.first_half()).await;
            let _ = stream.shutdown().await;
        }
    }
}
