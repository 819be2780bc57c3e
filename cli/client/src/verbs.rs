//! One module per verb, each with its own flags.

mod api_resources;
mod apply;
mod auth;
mod autoscale;
mod completion;
mod config;
mod cordon;
mod create;
mod delete;
mod describe;
mod drain;
mod edit;
mod events;
mod exec;
mod explain;
mod expose;
mod get;
mod label;
mod logs;
mod patch;
mod plan;
mod port_forward;
mod replace;
mod rollout;
mod scale;
mod set;
mod taint;
mod top;
mod version;
mod wait;

use anyhow::Result;

/// What a client can ask of a cluster.
#[derive(Debug, clap::Subcommand)]
#[expect(private_interfaces, reason = "flags are each verb's own affair; whoever runs a verb need not see them")]
pub enum Verb {
    /// List objects of any kind, or print them.
    Get(get::Args),
    /// Show a page about each object, with what happened to it.
    Describe(describe::Args),
    /// Create or update the objects of manifests (server-side apply).
    Apply(apply::Args),
    /// Show what `apply` would change.
    #[command(visible_alias = "diff")]
    Plan(plan::Args),
    /// Create objects of manifests, or of flags: `create namespace shop`.
    Create(create::Args),
    /// Put whole objects in the place of those that are there.
    Replace(replace::Args),
    /// Change objects by a patch.
    Patch(patch::Args),
    /// Change an object in your editor.
    Edit(edit::Args),
    /// Delete objects, and wait until they are gone.
    Delete(delete::Args),
    /// Set how many replicas something has.
    Scale(scale::Args),
    /// Let the number of replicas follow their use.
    Autoscale(autoscale::Args),
    /// Follow, pause, restart and undo rollouts.
    #[command(subcommand)]
    Rollout(rollout::Args),
    /// Change images, variables or resources of what runs Pods.
    #[command(subcommand)]
    Set(set::Args),
    /// Set labels, KEY=VALUE, or take them away, KEY-.
    Label(label::Args),
    /// Set annotations, KEY=VALUE, or take them away, KEY-.
    Annotate(label::Args),
    /// Make a Service for what runs Pods.
    Expose(expose::Args),
    /// Wait until objects are as they should be.
    Wait(wait::Args),
    /// List what happened.
    Events(events::Args),
    /// Show what Nodes and Pods use.
    #[command(subcommand)]
    Top(top::Args),
    /// Print what the containers of Pods wrote.
    Logs(logs::Args),
    /// Run a command in a container.
    Exec(exec::Args),
    /// Join what runs in a container.
    Attach(exec::Args),
    /// Copy files to and from a container.
    Cp(exec::CopyArgs),
    /// Lead ports of this machine to those of a Pod.
    PortForward(port_forward::Args),
    /// Keep new Pods off Nodes.
    Cordon(cordon::Args),
    /// Let new Pods onto Nodes again.
    Uncordon(cordon::Args),
    /// Move Pods away from Nodes, as their disruption budgets allow.
    Drain(drain::Args),
    /// Set what keeps Pods off Nodes, KEY=VALUE:EFFECT, or take it away, KEY-.
    Taint(taint::Args),
    /// Ask who you are to the cluster, and what you may do.
    #[command(subcommand)]
    Auth(auth::Args),
    /// List the kinds the cluster has.
    ApiResources(api_resources::Args),
    /// List the groups and versions the cluster has.
    ApiVersions(api_resources::VersionsArgs),
    /// Tell what the fields of a kind mean.
    Explain(explain::Args),
    /// See and change which cluster is meant.
    #[command(subcommand)]
    Config(config::Args),
    /// Tell the versions of this program and of the cluster.
    Version(version::Args),
    /// Print the lines that teach a shell to complete from the cluster.
    Completion(completion::Args),
}

/// Does what a command line asks for.
///
/// # Errors
/// What [`crate::exit_code`] gives a code to.
pub async fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Get(args) => Box::pin(get::run(args)).await,
        Verb::Describe(args) => Box::pin(describe::run(args)).await,
        Verb::Apply(args) => Box::pin(apply::run(args)).await,
        Verb::Plan(args) => Box::pin(plan::run(args)).await,
        Verb::Replace(args) => Box::pin(replace::run(args)).await,
        Verb::Patch(args) => Box::pin(patch::run(args)).await,
        Verb::Edit(args) => Box::pin(edit::run(args)).await,
        Verb::Delete(args) => Box::pin(delete::run(args)).await,
        Verb::Scale(args) => Box::pin(scale::run(args)).await,
        Verb::Autoscale(args) => Box::pin(autoscale::run(args)).await,
        Verb::Rollout(args) => Box::pin(rollout::run(args)).await,
        Verb::Set(args) => Box::pin(set::run(args)).await,
        Verb::Label(args) => Box::pin(label::run(args, label::What::Labels)).await,
        Verb::Annotate(args) => Box::pin(label::run(args, label::What::Annotations)).await,
        Verb::Expose(args) => Box::pin(expose::run(args)).await,
        Verb::Wait(args) => Box::pin(wait::run(args)).await,
        Verb::Events(args) => Box::pin(events::run(args)).await,
        Verb::Top(args) => Box::pin(top::run(args)).await,
        Verb::Logs(args) => Box::pin(logs::run(args)).await,
        Verb::Create(args) => Box::pin(create::run(args)).await,
        Verb::Exec(args) => Box::pin(exec::run(args, exec::Kind::Exec)).await,
        Verb::Attach(args) => Box::pin(exec::run(args, exec::Kind::Attach)).await,
        Verb::Cp(args) => Box::pin(exec::copy(args)).await,
        Verb::PortForward(args) => Box::pin(port_forward::run(args)).await,
        Verb::Cordon(args) => Box::pin(cordon::run(args, cordon::Schedulable::No)).await,
        Verb::Uncordon(args) => Box::pin(cordon::run(args, cordon::Schedulable::Yes)).await,
        Verb::Drain(args) => Box::pin(drain::run(args)).await,
        Verb::Taint(args) => Box::pin(taint::run(args)).await,
        Verb::Auth(args) => Box::pin(auth::run(args)).await,
        Verb::ApiResources(args) => Box::pin(api_resources::run(args)).await,
        Verb::ApiVersions(args) => Box::pin(api_resources::versions(args)).await,
        Verb::Explain(args) => Box::pin(explain::run(args)).await,
        Verb::Config(args) => config::run(args),
        Verb::Version(args) => Box::pin(version::run(args)).await,
        Verb::Completion(args) => completion::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        _verb: Verb,
    }

    #[test]
    fn the_command_line_is_sound() {
        Line::command().debug_assert();
    }

    #[test]
    fn command_lines_of_kubectl_parse() {
        for line in [
            "get pods,svc -n shop -l app=web -o wide",
            "get deploy/web -o jsonpath={.spec.replicas} --context a --request-timeout=5s -v=6",
            "get po -A --sort-by=.metadata.name --show-labels --no-headers -w -v",
            "get --raw /readyz",
            "describe pod web-1",
            "create -f a.yaml",
            "create ns shop",
            "create deployment web --image=web:v1 --replicas=2 --port=8080 -- run it",
            "create secret generic s --from-literal=a=b -n shop",
            "create job now --from=cronjob/c",
            "create clusterrole r --verb=get,list --resource=pods",
            "create rolebinding b --role=r --serviceaccount=shop:robot",
            "create svc nodeport web --tcp=80:8080",
            "create token robot --duration=10m",
            "apply -f a.yaml,b.yaml -R --server-side --force-conflicts --dry-run=server",
            "plan -f -",
            "diff -f -",
            "delete pod a b --wait=false --grace-period=0 --force",
            "delete -f a.yaml --cascade=foreground --ignore-not-found",
            "edit deploy/web",
            "patch deploy web --type=merge -p {}",
            "scale --replicas=3 deploy/web deploy/api",
            "autoscale deploy web --min=1 --max=5 --cpu=70%",
            "rollout status deploy/web --timeout=1m",
            "rollout undo deploy/web --to-revision=2",
            "set image deploy/web web=web:v2 *=x",
            "set env deploy/web A=b C-",
            "set resources deploy web --limits=cpu=1,memory=64Mi",
            "label pods --all a=b --overwrite",
            "annotate pod a b-",
            "expose deploy web --port=80 --target-port=http --type=NodePort --selector=a=b",
            "wait --for=condition=Ready pod -l app=web --timeout=60s",
            "wait pod/a --for=delete --timeout=-1s",
            "events --for pod/a -w",
            "top pods --containers",
            "top node a",
            "logs deploy/web -f --tail=5 --since=1m -c web",
            "exec -i web -c web -- ls -l",
            "port-forward svc/web 8080:80 :81 --address=127.0.0.1",
            "cp web:/tmp/a .",
            "cordon a",
            "drain a --ignore-daemonsets --delete-emptydir-data --force --timeout=1m",
            "taint nodes a k=v:NoSchedule",
            "auth can-i create pods --subresource=log -q",
            "auth can-i --list",
            "auth whoami",
            "api-resources --namespaced=true -o wide",
            "explain pods.spec --recursive",
            "config use-context a",
            "config set-context --current --namespace=x",
            "config view --minify --raw -o json",
            "completion zsh",
            "version --client",
        ] {
            let parsed = Line::try_parse_from(["insula"].into_iter().chain(line.split(' ')));
            assert!(parsed.is_ok(), "{line}: {}", parsed.err().map(|error| error.to_string()).unwrap_or_default());
        }
    }
}
