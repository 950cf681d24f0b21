//! The contract of brokers and presence, over one Redis and over a cluster.

use super::{RedisServer, cluster::RedisCluster};
use crate::contract::{broker, presence};

macro_rules! over_both {
    ($($half:tt $module:ident :: $promise:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $promise() {
            let server = RedisServer::start().await;
            $module::$promise(|| server.instance().$half).await;
        })*

        /// A cluster is slow to start, so all of them share one, each with keys of its own.
        #[tokio::test]
        async fn a_cluster_keeps_all_of_these_promises() {
            let cluster = RedisCluster::start().await;
            $(let instance = || cluster.instance_of(stringify!($promise)).$half;
            $module::$promise(instance).await;)*
        }
    };
}

over_both! {
    0 broker::a_feed_begins_with_an_interruption,
    0 broker::what_is_published_is_heard_by_the_others,
    0 broker::an_instance_hears_the_others_and_not_itself,
    0 broker::one_instance_can_be_told_something,
    0 broker::names_are_their_own,
    0 broker::what_is_not_taken_in_time_shows_as_an_interruption,
    1 presence::everybody_is_listed_on_every_instance,
    1 presence::a_call_says_whether_it_changed_anything,
    1 presence::lists_are_in_the_order_of_entry,
    1 presence::the_living_stay,
    1 presence::a_dead_instance_leaves_and_one_survivor_tells,
}
