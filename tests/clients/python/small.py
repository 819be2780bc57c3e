"""kr8s and lightkube, each through a small life of a Deployment. Asserts as it goes; says `ok` at the end."""

import sys

import kr8s
import lightkube
from kr8s.objects import ConfigMap, Deployment, Namespace, Pod, Service
from lightkube.core.exceptions import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment as LightDeployment
from lightkube.resources.core_v1 import ConfigMap as LightConfigMap
from lightkube.resources.core_v1 import Namespace as LightNamespace
from lightkube.resources.core_v1 import Pod as LightPod
from lightkube.types import PatchType

IMAGE = sys.argv[1]


def manifest(name):
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "web", "image": IMAGE, "ports": [{"containerPort": 8080}]}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def with_kr8s():
    assert kr8s.api().version()["major"] == "1"
    namespace = Namespace({"metadata": {"name": "kr8s"}})
    namespace.create()
    web = Deployment({**manifest("web"), "metadata": {"name": "web", "namespace": "kr8s"}})
    web.create()
    web.wait("condition=Available", timeout=60)
    pods = list(kr8s.get("pods", namespace="kr8s", label_selector={"app": "web"}))
    assert len(pods) == 2 and all(isinstance(pod, Pod) for pod in pods)
    web.scale(3)
    web.wait("jsonpath='{.status.readyReplicas}'=3", timeout=60)
    web.label(tier="front")
    web.annotate({"note": "x"})
    assert Deployment.get("web", namespace="kr8s").labels["tier"] == "front"
    service = Service(
        {
            "metadata": {"name": "web", "namespace": "kr8s"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
        }
    )
    service.create()
    assert len(service.ready_pods()) == 3
    settings = ConfigMap({"metadata": {"name": "c", "namespace": "kr8s"}, "data": {"a": "1"}})
    settings.create()
    settings.patch({"data": {"b": "2"}})
    assert ConfigMap.get("c", namespace="kr8s").data == {"a": "1", "b": "2"}
    for event, found in kr8s.watch("configmaps", namespace="kr8s"):
        assert (event, found.name) == ("ADDED", "c")
        break
    namespace.delete()
    namespace.wait("delete", timeout=60)
    assert not namespace.exists()


def with_lightkube():
    client = lightkube.Client(field_manager="lightkube")
    client.create(LightNamespace(metadata=ObjectMeta(name="light")))
    made = client.create(LightDeployment.from_dict(manifest("web")), namespace="light")
    assert made.metadata.uid
    client.wait(LightDeployment, "web", for_conditions=["Available"], namespace="light")
    pods = list(client.list(LightPod, namespace="light", labels={"app": "web"}))
    assert len(pods) == 2
    for event, pod in client.watch(LightPod, namespace="light"):
        assert pod.metadata.namespace == "light", event
        break
    patched = client.patch(
        LightDeployment, "web", {"spec": {"replicas": 1}}, namespace="light", patch_type=PatchType.STRATEGIC
    )
    assert patched.spec.replicas == 1
    applied = client.apply(
        LightConfigMap(
            apiVersion="v1", kind="ConfigMap", metadata=ObjectMeta(name="c", namespace="light"), data={"a": "1"}
        )
    )
    assert applied.metadata.managedFields[0].manager == "lightkube"
    try:
        client.get(LightPod, name="none", namespace="light")
        raise AssertionError("found what is not there")
    except ApiError as error:
        assert error.status.reason == "NotFound"
    client.delete(LightNamespace, "light")


with_kr8s()
with_lightkube()
print("ok")
