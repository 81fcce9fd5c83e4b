//! The archives of final blocks and their certificates, on disk.

use std::sync::Arc;

use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::simplex::types::Finalization;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_runtime::{Supervisor as _, tokio::Context};
use commonware_storage::archive::immutable;
use credo_primitives::Digest;
use credo_primitives::certificate::MAX_COMMITTEE;

use super::block::ChainBlock;
use super::settings;

/// Bodies by height and digest.
pub(super) type Blocks = immutable::Archive<Context, Digest, Arc<ChainBlock>>;
/// Certificates by height and digest.
pub(super) type Certificates = immutable::Archive<Context, Digest, Finalization<Scheme, Digest>>;

pub(super) struct Archives {
    pub blocks: Blocks,
    pub certificates: Certificates,
}

fn config<C>(name: &str, page_cache: &CacheRef, codec_config: C) -> immutable::Config<C> {
    immutable::Config {
        metadata_partition: format!("{name}-metadata"),
        freezer_table_partition: format!("{name}-table"),
        freezer_table_initial_size: 4_096,
        freezer_table_resize_frequency: 4,
        freezer_table_resize_chunk_size: 4_096,
        freezer_key_partition: format!("{name}-keys"),
        freezer_key_page_cache: page_cache.clone(),
        freezer_value_partition: format!("{name}-values"),
        freezer_value_target_size: 256 * 1024 * 1024,
        freezer_value_compression: None,
        ordinal_partition: format!("{name}-order"),
        items_per_section: settings::ARCHIVE_SECTION,
        freezer_key_write_buffer: settings::BUFFER,
        freezer_value_write_buffer: settings::BUFFER,
        ordinal_write_buffer: settings::BUFFER,
        replay_buffer: settings::BUFFER,
        codec_config,
    }
}

/// Opens both archives.
pub(super) async fn open(
    context: &Context,
    page_cache: &CacheRef,
) -> Result<Archives, commonware_storage::archive::Error> {
    let blocks = Blocks::init(context.child("blocks"), config("blocks", page_cache, ())).await?;
    let certificates = Certificates::init(
        context.child("certificates"),
        config("certificates", page_cache, MAX_COMMITTEE),
    )
    .await?;
    Ok(Archives { blocks, certificates })
}
