//! A node of our own in a process of its own, so that a test can kill it: prints its address and serves until its
//! input ends.

#[cfg(not(target_arch = "wasm32"))]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let node = webrtc_interop::node::ours().await?;
    let mut output = tokio::io::stdout();
    output.write_all(format!("{}\n", node.address).as_bytes()).await?;
    output.flush().await?;
    let _ = tokio::io::stdin().read(&mut [0]).await?;
    Ok(())
}

/// Browsers run no nodes.
#[cfg(target_arch = "wasm32")]
fn main() {}
