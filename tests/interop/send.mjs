// Sends CloudEvents as npm's client makes them: node send.mjs URL KEY structured|binary|batch < events.json
// Prints the answers, a line of JSON each. Data is {"object": …}, {"text": "…"}, {"bytes": "base64"} or absent.
import { readFileSync } from "node:fs";
import { CloudEvent, HTTP, Mode, emitterFor, httpTransport } from "cloudevents";

const [url, key, mode] = process.argv.slice(2);
const authorization = `Bearer ${key}`;

function event({ attributes, data }) {
  const value = data?.bytes === undefined ? (data?.object ?? data?.text) : Uint8Array.from(Buffer.from(data.bytes, "base64"));
  return new CloudEvent({ ...attributes, data: value });
}

const events = JSON.parse(readFileSync(0, "utf-8")).map(event);
if (mode === "batch") {
  const messages = events.map((one) => JSON.parse(HTTP.structured(one).body));
  const headers = { authorization, "content-type": "application/cloudevents-batch+json; charset=utf-8" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(messages) });
  for (const item of (await answer.json()).items) console.log(JSON.stringify(item));
} else {
  const emit = emitterFor(httpTransport(url), { mode: mode === "binary" ? Mode.BINARY : Mode.STRUCTURED });
  for (const one of events) console.log((await emit(one, { headers: { authorization } })).body);
}
