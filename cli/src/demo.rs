//! tmp
pub(crate) async fn demo(_exit: bool) -> anyhow::Result<()> {
    Ok(())
}
