// The official Node client: an informer that sees a Deployment's Pods come and go, after its connection was cut too.
// Asserts as it goes; says `ok` at the end.

import assert from "node:assert";
import { createRequire } from "node:module";

const [image, modules] = process.argv.slice(2);
const k8s = createRequire(`${modules}/`)("@kubernetes/client-node");

const config = new k8s.KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const namespace = "node";

/** Waits until `condition` holds, a minute at most. */
async function until(what, condition) {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((wake) => setTimeout(wake, 20))) {
    if (await condition()) return;
  }
  throw new Error(`not within a minute: ${what}`);
}

await core.createNamespace({ body: { metadata: { name: namespace } } });
const list = () => core.listNamespacedPod({ namespace });
const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, list);
const events = { add: 0, update: 0, delete: 0 };
for (const name of Object.keys(events)) informer.on(name, () => (events[name] += 1));
let done = false;
informer.on("error", () => done || setTimeout(() => informer.start(), 100));
await informer.start();

const labels = { app: "web" };
const container = { name: "web", image, ports: [{ containerPort: 8080 }] };
const spec = {
  replicas: 3,
  selector: { matchLabels: labels },
  template: { metadata: { labels }, spec: { containers: [container] } },
};
await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: "web" }, spec } });
await until("three Pods are ready in the cache", () => {
  const ready = (pod) => pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True");
  return informer.list().filter(ready).length === 3;
});
assert.equal(events.add, 3);
assert.ok(events.update > 0);

const objects = k8s.KubernetesObjectApi.makeApiClient(config);
const applied = await objects.patch(
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace }, data: { a: "1" } },
  undefined, undefined, "node", true, k8s.PatchStrategy.ServerSideApply,
);
assert.equal(applied.data.a, "1");

await apps.deleteNamespacedDeployment({ name: "web", namespace });
await until("the cache is empty", () => informer.list().length === 0);
assert.equal(events.delete, 3);
await assert.rejects(core.readNamespacedPod({ name: "none", namespace }), (error) => error.code === 404);
done = true;
await informer.stop();
await core.deleteNamespace({ name: namespace });
console.log("ok");
// Kept connections would hold the program for their time.
process.exit(0);
