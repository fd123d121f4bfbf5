// Queues events by npm's Space Cloud client: node space_api.cjs URL PROJECT TOKEN < steps.json
// A step is {type, payload?, delay?, date? (ISO text), synchronous?}; prints the answer {status, data} of each.
const { readFileSync } = require("node:fs");
const { API } = require("space-api");

const [url, project, token] = process.argv.slice(2);
const api = new API(project, url);
if (token) api.setToken(token);

async function main() {
  for (const step of JSON.parse(readFileSync(0, "utf-8"))) {
    let queued = api.queueEvent(step.type, step.payload);
    if (step.delay !== undefined) queued = queued.delay(step.delay);
    if (step.date !== undefined) queued = queued.date(new Date(step.date));
    if (step.synchronous) queued = queued.synchronous();
    console.log(JSON.stringify(await queued.apply()));
  }
}

main();
