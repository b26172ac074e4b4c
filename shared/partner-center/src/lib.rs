//! A client of the Partner Center referrals API, and the verifier of its signed events.
