//! Publications at a rate, to subscribers of one channel or of many.

use anyhow::Result;
use clap::Args;

use super::{
    options::{Options, Server},
    report::Figures,
    scene::{Load, Scene},
};

#[derive(Debug, Clone, Args)]
pub struct Fanout {
    #[command(flatten)]
    pub options: Options,
    #[arg(long, short = 'n', default_value_t = 1000)]
    pub subscribers: usize,
    #[arg(long, default_value_t = 1)]
    pub channels: usize,
    #[command(flatten)]
    pub load: Load,
}

/// Many small channels: fanout with other defaults.
#[derive(Debug, Clone, Args)]
pub struct Channels {
    #[command(flatten)]
    pub options: Options,
    #[arg(long, default_value_t = 100)]
    pub channels: usize,
    #[arg(long, default_value_t = 10)]
    pub subscribers_each: usize,
    #[command(flatten)]
    pub load: Load,
}

impl Fanout {
    /// Starts what is to be started, and measures it once.
    pub fn run(&self) -> Result<Figures> {
        let server = self.options.server()?;
        self.measure(&server, self.options.channels(self.channels))
    }

    /// With channels that nobody has published to.
    pub fn measure(&self, server: &Server, channels: Vec<String>) -> Result<Figures> {
        let name = if channels.len() == 1 {
            "fanout"
        } else {
            "channels"
        };
        let mut scene = Scene::open(&self.options, server, self.subscribers, channels)?;
        let measured = scene.bear(self.load)?;
        Ok(scene.figures(name, measured))
    }
}

impl Channels {
    pub fn fanout(self) -> Fanout {
        Fanout {
            options: self.options,
            subscribers: self.channels * self.subscribers_each,
            channels: self.channels,
            load: self.load,
        }
    }
}
