"""The official client: typed, dynamic, watch, logs, leader election. Asserts as it goes; says `ok` at the end."""

import sys
import threading
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

IMAGE, NAMESPACE = sys.argv[1], "python"
LABELS = {"app": "web"}


def deployment(replicas):
    container = client.V1Container(name="web", image=IMAGE, ports=[client.V1ContainerPort(container_port=8080)])
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=LABELS), spec=client.V1PodSpec(containers=[container])
    )
    spec = client.V1DeploymentSpec(
        replicas=replicas, selector=client.V1LabelSelector(match_labels=LABELS), template=template
    )
    return client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec)


def settled(status):
    progress = [c.reason for c in status.conditions or [] if c.type == "Progressing"]
    return status.ready_replicas == status.available_replicas == 3 and progress == ["NewReplicaSetAvailable"]


def typed():
    core, apps = client.CoreV1Api(), client.AppsV1Api()
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
    created = apps.create_namespaced_deployment(NAMESPACE, deployment(1))
    assert created.metadata.uid and created.spec.strategy.type == "RollingUpdate"
    try:
        apps.create_namespaced_deployment(NAMESPACE, deployment(1))
        raise AssertionError("created twice")
    except ApiException as error:
        assert error.status == 409 and "AlreadyExists" in error.body, error.body

    # A watch from the version of a list sees every Pod come up.
    seen = set()
    watcher = watch.Watch()
    for event in watcher.stream(core.list_namespaced_pod, NAMESPACE, label_selector="app=web", timeout_seconds=60):
        pod = event["object"]
        if any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or []):
            seen.add(pod.metadata.name)
        if seen:
            watcher.stop()
    assert len(seen) == 1, seen

    apps.patch_namespaced_deployment_scale("web", NAMESPACE, {"spec": {"replicas": 3}})
    assert apps.read_namespaced_deployment_scale("web", NAMESPACE).spec.replicas == 3
    until(lambda: settled(apps.read_namespaced_deployment_status("web", NAMESPACE).status))
    wanted = apps.read_namespaced_deployment("web", NAMESPACE)
    wanted.metadata.labels = {"tier": "front"}
    assert apps.replace_namespaced_deployment("web", NAMESPACE, wanted).metadata.labels == {"tier": "front"}
    try:
        apps.replace_namespaced_deployment("web", NAMESPACE, wanted)
        raise AssertionError("an old version replaced a new one")
    except ApiException as error:
        assert error.status == 409 and '"reason":"Conflict"' in error.body.replace(" ", ""), error.body
    first = core.list_namespaced_pod(NAMESPACE, limit=1)
    rest = core.list_namespaced_pod(NAMESPACE, limit=10, _continue=first.metadata._continue)
    assert len(first.items) == 1 and len(rest.items) == 2
    assert isinstance(core.read_namespaced_pod_log(first.items[0].metadata.name, NAMESPACE), str)
    secret = client.V1Secret(metadata=client.V1ObjectMeta(name="s"), string_data={"a": "b"})
    assert core.create_namespaced_secret(NAMESPACE, secret).data == {"a": "Yg=="}


def dynamically():
    found = dynamic.DynamicClient(client.ApiClient())
    maps = found.resources.get(api_version="v1", kind="ConfigMap")
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"a": "1"}}
    assert maps.create(body=body, namespace=NAMESPACE).data.a == "1"
    applied = maps.server_side_apply(
        body={**body, "data": {"a": "2"}}, name="c", namespace=NAMESPACE, field_manager="python", force_conflicts=True
    )
    assert applied.data.a == "2"
    patched = maps.patch(
        body={"data": {"b": "3"}}, name="c", namespace=NAMESPACE, content_type="application/merge-patch+json"
    )
    assert patched.data.to_dict() == {"a": "2", "b": "3"}
    names = [item.metadata.name for item in maps.get(namespace=NAMESPACE, field_selector="metadata.name=c").items]
    assert names == ["c"]
    for event in maps.watch(namespace=NAMESPACE, timeout=30):
        assert event["object"].metadata.name == "c"
        break
    maps.delete(name="c", namespace=NAMESPACE)


def elects():
    """One of two candidates leads; when it stops, the other does."""
    led = []

    class Stop(Exception):
        pass

    def candidate(name):
        def leads():
            led.append(name)

        lock = LeaseLock("leader", NAMESPACE, name)
        election = electionconfig.Config(
            lock, lease_duration=3, renew_deadline=2, retry_period=1, onstarted_leading=leads, onstopped_leading=None
        )
        thread = threading.Thread(target=leaderelection.LeaderElection(election).run, daemon=True)
        thread.start()

    candidate("a")
    until(lambda: led == ["a"])
    candidate("b")
    coordination = client.CoordinationV1Api()
    until(lambda: coordination.read_namespaced_lease("leader", NAMESPACE).spec.renew_time is not None)
    assert coordination.read_namespaced_lease("leader", NAMESPACE).spec.holder_identity == "a"
    assert led == ["a"], led


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "a minute has passed"
        time.sleep(0.05)


config.load_kube_config()
typed()
dynamically()
elects()
client.CoreV1Api().delete_namespace(NAMESPACE)
print("ok")
