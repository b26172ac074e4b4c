//! What a request does: dispatched by its path, carried out on the world, answered. A batch does the same for each of
//! its parts.

mod actions;
mod batch;
mod change;
mod dispatch;
mod list;
mod multipart;
mod multiple;
mod page;
mod refer;
mod reply;
mod retrieve;
mod routes;
mod service;
mod track;

pub(crate) use reply::{Call, Reply};
pub(crate) use routes::routes;
