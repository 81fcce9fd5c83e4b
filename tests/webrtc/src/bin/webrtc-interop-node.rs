//! A node in a process of its own, so that a test can kill it and a benchmark can measure it: prints its address and
//! serves until its input ends. Its argument is `ours`, which is what it is without, `stock` or `websocket`.

/// As the relay has it: the system's own keeps what many sessions took at once.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(not(target_arch = "wasm32"))]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use webrtc_interop::node;

    let node = match std::env::args().nth(1).as_deref() {
        None | Some("ours") => node::ours().await?,
        Some("stock") => node::stock().await?,
        Some("websocket") => node::websocket().await?,
        Some(kind) => anyhow::bail!("there is no node of the kind {kind}"),
    };
    let mut output = tokio::io::stdout();
    output.write_all(format!("{}\n", node.address).as_bytes()).await?;
    output.flush().await?;
    let _ = tokio::io::stdin().read(&mut [0]).await?;
    Ok(())
}

/// Browsers run no nodes.
#[cfg(target_arch = "wasm32")]
fn main() {}
