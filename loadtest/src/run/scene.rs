//! The scene of a run: the cluster with its company, everybody connected.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use sqlx::postgres::PgPoolOptions;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::sleep,
};
use uuid::Uuid;

use super::{Plan, Site, say};
use crate::{
    client::{Done, Doors, Recorder, recorder::Writer},
    cluster::{Cluster, ClusterConfig, Settings},
    nemesis::Stage,
    people::{
        canary::Canaries,
        company::Company,
        crowd::Crowd,
        opening::{self, Tickets},
    },
    proxy::{Proxy, Route, Target},
};

const INSTANCES: usize = 3;
const ADMIN: &str = "admin@example.org";
/// Everybody must be connected within this at first.
const ARRIVAL: Duration = Duration::from_mins(1);
/// Whoever sits behind one address here would be many addresses elsewhere.
const UNLIMITED: &str = "1000000";

/// See the module.
pub(crate) struct Scene {
    pub stage: Stage,
    pub recorder: Recorder,
    pub canaries: Canaries,
    pub folder: PathBuf,
    pub doors: Arc<Doors>,
    /// What becomes of commands; taken by who directs.
    pub outcomes: Option<UnboundedReceiver<Done>>,
    writer: Option<Writer>,
}

/// Tokens by the server's own command line.
struct ByCommand(Arc<Cluster>);

impl Tickets for ByCommand {
    async fn token(&self, user: Uuid) -> Result<String> {
        self.token_of(&user.to_string()).await
    }
}

impl ByCommand {
    async fn token_of(&self, user: &str) -> Result<String> {
        let url = self.0.database_url();
        let arguments = [
            "token",
            "--user",
            user,
            "--ttl",
            "8h",
            "--database-url",
            &url,
        ];
        Ok(self.0.run_hub(&arguments, "").await?.trim().to_owned())
    }
}

impl Scene {
    pub(crate) async fn set(plan: &Plan, site: &Site) -> Result<Self> {
        Self::of_instances(plan, site, INSTANCES).await
    }

    /// With so many; of one alone the clock stays right.
    pub(crate) async fn of_instances(plan: &Plan, site: &Site, instances: usize) -> Result<Self> {
        say("a cluster starts");
        let mut config = ClusterConfig::new(site.folder.join("cluster"), &site.binary, instances);
        config.node_modules.clone_from(&site.node_modules);
        config.settings = settings(plan);
        if instances > 1
            && let Some(last) = config.instances.last_mut()
        {
            last.false_clock = Cluster::can_jump_clocks();
        }
        let cluster = Arc::new(Cluster::start(config).await?);
        let (doors, client_wires) = ways_in(&cluster).await?;
        let tickets = ByCommand(Arc::clone(&cluster));

        say("the company opens");
        cluster
            .create_admin(ADMIN, &Uuid::new_v4().to_string())
            .await?;
        let mut canaries = Canaries::new(plan.seed);
        let company = Company::new(plan.size, &mut canaries);
        let admin = tickets.token_of(ADMIN).await?;
        let database = PgPoolOptions::new()
            .connect(&cluster.database_url())
            .await?;
        let place = opening::Site {
            doors: &doors[0],
            admin: &admin,
            database: &database,
            tickets: &tickets,
        };
        let staff = opening::open(&company, plan.size, &place, &mut canaries, plan.seed).await?;
        database.close().await;

        say("everybody connects");
        let (recorder, writer) = Recorder::create(&site.folder.join("history.jsonl"))?;
        let (done, outcomes) = unbounded_channel();
        let crowd = Crowd::gather(
            &company,
            staff,
            plan.clients,
            &doors,
            &recorder,
            done,
            plan.seed,
        );
        let until = Instant::now() + ARRIVAL;
        while crowd.behind() > 0 {
            let late = crowd.behind();
            ensure!(Instant::now() < until, "{late} clients did not get in");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Self {
            stage: Stage::new(cluster, Arc::new(crowd), client_wires, recorder.clone()),
            recorder,
            canaries,
            folder: site.folder.clone(),
            doors: Arc::clone(&doors[0]),
            outcomes: Some(outcomes),
            writer: Some(writer),
        })
    }

    /// A channel's offset.
    pub(crate) async fn head(&self, channel: &str, token: Option<&str>) -> Result<u64> {
        #[derive(serde::Deserialize)]
        struct Head {
            offset: u64,
        }
        let body = self.doors.read(0, token, channel).await?;
        let head: Head = serde_json::from_str(&body)?;
        Ok(head.offset)
    }

    /// Everything recorded so far is in the file.
    pub(crate) fn finish_history(&mut self) -> Result<()> {
        self.writer.take().map_or(Ok(()), Writer::finish)
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        let complaints = self.stage.complaints.lock();
        complaints.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The straight way to every instance, and the one by wires that can be broken.
async fn ways_in(cluster: &Cluster) -> Result<([Arc<Doors>; 2], Vec<Proxy>)> {
    let mut wires = Vec::new();
    for instance in cluster.instances() {
        wires.push(Proxy::start(Route::to(Target::Tcp(instance.public()))).await?);
    }
    let straight = cluster
        .instances()
        .iter()
        .map(crate::cluster::Instance::public);
    let by_wire = wires.iter().map(Proxy::address);
    let doors = [
        Arc::new(Doors::new(straight.collect())?),
        Arc::new(Doors::new(by_wire.collect())?),
    ];
    Ok((doors, wires))
}

/// For a crowd that a few people stand for.
pub(crate) fn room_for_a_crowd() -> Settings {
    let names = [
        "ORDERS_PER_MINUTE",
        "ORDERS_BURST",
        "REPORTS_PER_MINUTE",
        "REPORTS_BURST",
        "CONNECTIONS_PER_ADDRESS",
        "CONNECTIONS_PER_USER",
    ];
    let unlimited = |name| (format!("DISPATCH_HUB_LIMITS__{name}"), UNLIMITED.to_owned());
    names.into_iter().map(unlimited).collect()
}

fn settings(plan: &Plan) -> Settings {
    let token_seconds = plan.token_seconds.to_string();
    let own = [
        ("LOG__FORMAT", "json"),
        ("LOG__FILTER", "info"),
        ("LIMITS__HANDSHAKES_PER_MINUTE", UNLIMITED),
        ("LIMITS__SIGN_INS_PER_MINUTE", UNLIMITED),
        ("LIMITS__REQUESTS_PER_MINUTE", UNLIMITED),
        ("LIMITS__COMMANDS_PER_MINUTE", UNLIMITED),
        ("LIMITS__COMMANDS_BURST", UNLIMITED),
        ("LIMITS__HOLDS_PER_MINUTE", UNLIMITED),
        ("LIMITS__HOLDS_BURST", UNLIMITED),
        ("SIGN_IN__ACCESS_TTL_SECONDS", token_seconds.as_str()),
        // As for phones: who is cut off without a word knows it soon.
        ("HUB__PING_MS", "5000"),
    ]
    .map(|(name, value)| (format!("DISPATCH_HUB_{name}"), value.to_owned()));
    own.into_iter().chain(plan.settings.clone()).collect()
}
