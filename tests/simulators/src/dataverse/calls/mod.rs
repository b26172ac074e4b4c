//! What a request does: dispatched by its path, carried out on the world, answered. A batch does the same for each of
//! its parts.

mod actions;
mod change;
mod dispatch;
mod list;
mod page;
mod refer;
mod reply;
mod retrieve;
mod routes;
mod track;

pub(crate) use routes::routes;
