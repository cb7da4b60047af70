//! One test a file and runner.
use libtest_mimic::{Arguments, Failed, Trial};
use topicwire_scenarios::script::{Kind, all};
use topicwire_scenarios::{loopback, virtual_time};

fn main() {
    let mut trials = Vec::new();
    for (name, scenario) in all() {
        let machine = scenario.clone();
        trials.push(Trial::test(format!("machine::{name}"), move || virtual_time::play(&machine).map_err(Failed::from)));
        if scenario.kind == Kind::Wire {
            trials.push(Trial::test(format!("loopback::{name}"), move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
                runtime.block_on(loopback::play(&scenario)).map_err(Failed::from)
            }));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
