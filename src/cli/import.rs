//! `dispatch-hub import`: a company's files, straight into the database.

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use clap::Args;
use dispatch_hub::{
    domain::{
        Actor, Command,
        command::AdminImport,
        contract::answer::Imported,
        ids::CommandId,
        import::{ImportFault, ImportFile, ImportText},
    },
    execute::{Committed, Executor, Outcome, Request, Via},
    store::{Pools, epoch},
};
use hub::ports::{Control, Publication};
use uuid::Uuid;

/// Import zones, cleaners and shifts; with any fault nothing is imported. See docs/import.md.
#[derive(Args)]
pub struct Import {
    /// Zones, a `GeoJSON` file.
    #[arg(long, value_name = "FILE")]
    zones: Option<PathBuf>,
    /// Cleaners, a CSV file.
    #[arg(long, value_name = "FILE")]
    cleaners: Option<PathBuf>,
    /// Shifts, a CSV file.
    #[arg(long, value_name = "FILE")]
    shifts: Option<PathBuf>,
    /// Import nothing, and list every fault.
    #[arg(long)]
    dry_run: bool,
}

/// Running servers find what is committed in the log, within a quarter of a second, and rights that
/// end where the database notes them.
struct Unheard;

impl Committed for Unheard {
    fn committed(&self, _publications: Vec<Publication>) {}

    fn control(&self, _control: Control) {}
}

impl Import {
    pub async fn run(&self, pools: Pools) -> anyhow::Result<()> {
        epoch::ensure(&pools).await?;
        let command = AdminImport {
            zones: read(self.zones.as_ref())?,
            cleaners: read(self.cleaners.as_ref())?,
            shifts: read(self.shifts.as_ref())?,
            dry_run: Some(self.dry_run),
        };
        let command_id = CommandId(Uuid::now_v7());
        let request = Request {
            actor: Actor::SYSTEM,
            via: Via::CommandLine,
            command_id,
            command: Command::ImportCompany(command),
            trace_id: command_id.to_string(),
        };
        let executor = Executor::new(pools, Arc::new(Unheard));
        match executor.execute(request).await {
            Outcome::Accepted { result, .. } => {
                let imported: Imported = serde_json::from_value(result)?;
                tell(&imported);
                self.fail_on(imported.fault_count, &imported.faults)
            }
            Outcome::Rejected { details, .. } => {
                let faults: Vec<ImportFault> = serde_json::from_value(details["faults"].clone())?;
                let count = serde_json::from_value(details["fault_count"].clone())?;
                self.fail_on(count, &faults)
            }
            Outcome::Refused { message, .. } => bail!("{message}"),
        }
    }

    fn fail_on(&self, count: u32, faults: &[ImportFault]) -> anyhow::Result<()> {
        for fault in faults {
            eprintln!("{}", self.line_of(fault));
        }
        if count > 0 {
            bail!("{count} faults; nothing was imported");
        }
        Ok(())
    }

    /// As compilers write it, so that editors find the place.
    fn line_of(&self, fault: &ImportFault) -> String {
        let file = match fault.file {
            ImportFile::Zones => &self.zones,
            ImportFile::Cleaners => &self.cleaners,
            ImportFile::Shifts => &self.shifts,
        };
        let file = file.as_ref().map(|file| file.display().to_string());
        let field = fault.field.as_ref();
        let field = field.map_or_else(String::new, |field| format!("{field}: "));
        let file = file.unwrap_or_default();
        format!("{file}:{}: {field}{}", fault.line, fault.message)
    }
}

fn read(file: Option<&PathBuf>) -> anyhow::Result<Option<ImportText>> {
    let Some(file) = file else {
        return Ok(None);
    };
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(Some(ImportText(text)))
}

fn tell(imported: &Imported) {
    let verb = if imported.dry_run { "would be" } else { "are" };
    for (what, counts) in [
        ("zones", imported.zones),
        ("cleaners", imported.cleaners),
        ("shifts", imported.shifts),
    ] {
        println!(
            "{what}: {} {verb} new, {} changed, {} as they were",
            counts.new, counts.changed, counts.unchanged
        );
    }
}
