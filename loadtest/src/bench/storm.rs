//! Everyone drops at once, misses some publications, comes back, and recovers each of them.

use anyhow::{Result, ensure};
use clap::Args;

use super::{
    options::Options,
    report::Figures,
    scene::{Load, Scene},
};

#[derive(Debug, Clone, Args)]
pub struct Storm {
    #[command(flatten)]
    pub options: Options,
    #[arg(long, short = 'n', default_value_t = 1000)]
    pub subscribers: usize,
    #[arg(long, default_value_t = 1)]
    pub channels: usize,
    /// Publications of each channel while nobody is there.
    #[arg(long, default_value_t = 10)]
    pub missed: u32,
    /// Bytes of a publication's data.
    #[arg(long, default_value_t = 128)]
    pub payload: usize,
}

impl Storm {
    pub fn run(&self) -> Result<Figures> {
        ensure!(
            self.options.can_recover(),
            "{} has nothing to recover from",
            self.options.name()
        );
        let server = self.options.server()?;
        let channels = self.options.channels(self.channels);
        let count = u32::try_from(channels.len())?;
        let mut scene = Scene::open(&self.options, &server, self.subscribers, channels)?;
        // So that there is a position to come back from that is not the beginning.
        let before = Load {
            rate: f64::from(count) * 20.0,
            payload: self.payload,
            duration: 0.5,
            warm_up: 0.0,
        };
        scene.bear(before)?;
        scene.crew.leave()?;
        let away = Load {
            rate: f64::from(count * self.missed) * 2.0,
            ..before
        };
        let published = scene.send(away)?;
        let took = scene.crew.come_back()?;
        let measured = scene.look(away, published)?;
        Ok(Figures {
            returned_seconds: Some(took.as_secs_f64()),
            ..scene.figures("storm", measured)
        })
    }
}
