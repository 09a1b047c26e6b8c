// Drives executions with the official clients of NATS for Node and nothing of NoETL's: registers through the
// key-value bucket, runs by request, follows, reads the events, discovers the services, cancels.
//   node node_clients.cjs NATS-URL FOLDER-OF-NODE_MODULES
"use strict";
const assert = require("node:assert");
const { createRequire } = require("node:module");
const path = require("node:path");

const [url, folder] = process.argv.slice(2);
const installed = createRequire(path.join(path.resolve(folder), "package.json"));
const client = (name) => installed(`@nats-io/${name}`);
const { connect } = client("transport-node");
const { jetstream } = client("jetstream");
const { Kvm } = client("kv");
const { Svcm } = client("services");

const GREET = `
metadata: {path: node/greet}
workload: {who: nobody}
workflow:
  - {step: start, next: say}
  - {step: say, type: noop, args: {text: "hello {{ workload.who }}"}, next: end}
  - step: end
`;
const WAIT = `
metadata: {path: node/wait}
workflow:
  - {step: start, type: signal, name: never}
`;

async function ask(nc, subject, request) {
  const answer = await nc.request(subject, JSON.stringify(request), { timeout: 20000 });
  assert.ok(!answer.headers?.get("Nats-Service-Error"), answer.string());
  return answer.json();
}

// The events of an execution up to one of that type.
async function follow(subscription, id, last) {
  const events = [];
  for await (const message of subscription) {
    const event = message.json();
    if (event.execution_id !== id) continue;
    events.push(event);
    if (event.event_type === last) return events;
  }
  assert.fail("the subscription ended");
}

const types = (events) => events.map((event) => event.event_type);

async function register(nc) {
  const catalog = await new Kvm(nc).open("noetl_catalog");
  const first = await catalog.put("node/greet", GREET);
  const second = await catalog.put("node/wait", WAIT);
  assert.ok(second > first);
  assert.strictEqual((await catalog.get("node/greet")).string(), GREET);
}

async function run(nc) {
  const live = nc.subscribe("noetl.live.>");
  await nc.flush();
  const request = { path: "node/greet", workload: { who: "Node" } };
  const { execution_id: id } = await ask(nc, "noetl.api.run", request);
  const events = await follow(live, id, "execution_complete");
  assert.deepStrictEqual(events.map((event) => event.event_id), events.map((_, i) => i + 1));
  assert.strictEqual(types(events)[0], "execution_requested");
  assert.ok(types(events).includes("action_completed"));
  const status = await ask(nc, "noetl.api.status", { execution_id: id });
  assert.strictEqual(status.status, "completed");
  assert.deepStrictEqual(status.result, { say: { text: "hello Node" } });
  return id;
}

// The facts and the marks of its life, by an ordered consumer of the stream.
async function readStream(nc, id) {
  const consumer = await jetstream(nc).consumers.get("NOETL_EVENTS", {
    filter_subjects: `noetl.events.*.${id}.>`,
  });
  const events = [];
  for await (const message of await consumer.fetch({ max_messages: 4, expires: 20000 })) {
    events.push(message.json());
  }
  assert.deepStrictEqual(types(events), [
    "execution_requested", "execution_start", "action_completed", "execution_complete",
  ]);
}

async function gather(answers) {
  const list = [];
  for await (const answer of answers) list.push(answer);
  return list;
}

async function discover(nc) {
  const services = new Svcm(nc).client({ strategy: "count", maxWait: 20000, maxMessages: 4 });
  const found = await gather(await services.ping());
  assert.deepStrictEqual(found.map((service) => service.name).sort(), [
    "noetl-broker", "noetl-publisher", "noetl-render", "noetl-worker",
  ]);
  const one = new Svcm(nc).client({ strategy: "count", maxWait: 20000, maxMessages: 1 });
  const [worker] = await gather(await one.info("noetl-worker"));
  assert.strictEqual(worker.metadata.pool, "default");
  const { subject } = worker.endpoints.find((endpoint) => endpoint.name === "status");
  assert.strictEqual((await ask(nc, subject, {})).id, worker.id);
  const [publisher] = await gather(await one.stats("noetl-publisher"));
  const counted = publisher.endpoints.find((endpoint) => endpoint.name === "run");
  assert.strictEqual(counted.num_requests, 1);
  assert.ok(counted.processing_time > 0);
}

async function cancel(nc) {
  const begin = nc.subscribe("noetl.live.*.step_started");
  const end = nc.subscribe("noetl.live.*.execution_cancelled");
  await nc.flush();
  const { execution_id: id } = await ask(nc, "noetl.api.run", { path: "node/wait" });
  await follow(begin, id, "step_started");
  await ask(nc, "noetl.api.cancel", { execution_id: id, reason: "enough" });
  await follow(end, id, "execution_cancelled");
  const status = await ask(nc, "noetl.api.status", { execution_id: id });
  assert.strictEqual(status.status, "cancelled");
}

async function main() {
  const nc = await connect({ servers: url });
  await register(nc);
  await readStream(nc, await run(nc));
  await discover(nc);
  await cancel(nc);
  await nc.drain();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
