// Makes calls of npm's SuprSend client: node suprsend.cjs URL KEY SECRET < steps.json
// A step is [method, …arguments]; prints a line for each: {"result": …} or {"error": message}.
// Arguments that the client has classes for: {"event": […]}, {"workflow": […]}, {"dynamic": […]}, {"broadcast": […]}, and
// {"edit": [id, [[verb, …], …]]}; the methods `bulk …` append all of their arguments and send.
const { readFileSync } = require("node:fs");
const { Event, SubscriberListBroadcast, Suprsend, Workflow, WorkflowTriggerRequest } = require("@suprsend/node-sdk");

const [url, key, secret] = process.argv.slice(2);
const client = new Suprsend(key, secret, { base_url: url });

function edited(edit, verbs) {
  for (const [verb, ...values] of verbs) edit[verb](...values);
  return edit;
}

function event([distinctId, name, properties, options, attachments]) {
  const made = new Event(distinctId, name, properties, options);
  for (const file of attachments ?? []) made.add_attachment(...file);
  return made;
}

const CLASSES = {
  event,
  workflow: (parts) => new WorkflowTriggerRequest(...parts),
  dynamic: (parts) => new Workflow(...parts),
  broadcast: (parts) => new SubscriberListBroadcast(...parts),
  edit: ([id, verbs]) => edited(client.users.get_edit_instance(id), verbs),
  subscriber: ([id, verbs]) => edited(client.user.get_instance(id), verbs),
};

const BULK = {
  "bulk events": () => client.bulk_events.new_instance(),
  "bulk workflows": () => client.workflows.bulk_trigger_instance(),
  "bulk dynamic": () => client.bulk_workflows.new_instance(),
  "bulk users": () => client.users.get_bulk_edit_instance(),
  "bulk subscribers": () => client.bulk_users.new_instance(),
};

function argument(value) {
  const [kind] = value && typeof value === "object" ? Object.keys(value) : [];
  return kind in CLASSES && Object.keys(value).length === 1 ? CLASSES[kind](value[kind]) : value;
}

async function take([method, ...values]) {
  const given = values.map(argument);
  if (method in BULK) {
    const bulk = BULK[method]();
    bulk.append(...given);
    return bulk.trigger ? bulk.trigger() : bulk.save();
  }
  if (method === "save") return given[0].save();
  const path = method.split(".");
  const owner = path.slice(0, -1).reduce((found, name) => found[name], client);
  return owner[path.at(-1)](...given);
}

async function main() {
  for (const step of JSON.parse(readFileSync(0, "utf-8"))) {
    try {
      console.log(JSON.stringify({ result: await take(step) }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error.message ?? error) }));
    }
  }
}

main();
