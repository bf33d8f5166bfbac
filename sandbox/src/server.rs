//! Connections: accepted on loopback, served by hyper, cut when a fault says so.

use std::{pin::Pin, sync::Arc};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{answer::Cut, api, executor::Executor, request::Received};

/// Accepts connections for as long as it is polled; dropping it closes them all.
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
    // Answers are small and written at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let executor = Arc::clone(&executor);
        async move {
            let received = Received::read(request).await;
            let answer = api::serve(&executor, number, received).await?;
            Ok::<_, Cut>(answer.into_response())
        }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = Pin::new(&mut connection).await;
    let cut = ended.as_ref().err().and_then(cut);
    if let Some(cut) = cut {
        end(connection.into_parts().io.into_inner(), cut).await;
    }
}

/// The cut behind hyper's "the service failed".
fn cut(error: &hyper::Error) -> Option<&Cut> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Ends a connection the hard way; that it may be gone already is no matter.
async fn end(mut stream: TcpStream, cut: &Cut) {
    match cut {
        Cut::Reset => drop(stream.set_zero_linger()),
        Cut::Close => {}
        Cut::Half(answer) => {
            let _ = stream.write_all(&answer.first_half()).await;
            let _ = stream.shutdown().await;
        }
    }
}
