//! tmp
pub(crate) async fn simulate(_what: crate::args::Simulate) -> anyhow::Result<()> {
    Ok(())
}
