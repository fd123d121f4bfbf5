// Receives webhooks as npm's clients read them: node receive.mjs SECRET. Prints its port, then for each request a line of
// JSON: the CloudEvent as `cloudevents` reads it, and whether `standardwebhooks` verified it. Ends when stdin closes.
import { isUtf8 } from "node:buffer";
import { createServer } from "node:http";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.argv[2]);

function shown(headers, body) {
  const contentType = headers["content-type"] ?? "";
  const textual = /json|text|xml/.test(contentType);
  const event = HTTP.toEvent({ headers, body: textual ? body.toString("utf-8") : body });
  const { data, data_base64, ...attributes } = event.toJSON();
  const bytes = data_base64 ?? (ArrayBuffer.isView(data) ? Buffer.from(Uint8Array.from(data)).toString("base64") : undefined);
  return { attributes, data: bytes === undefined ? data : { bytes } };
}

// `standardwebhooks` 1.1 of npm reads a body as UTF-8, so it cannot verify one that is not: null says that it was not asked.
function verified(headers, body) {
  if (!isUtf8(body)) return null;
  try {
    webhook.verify(body, headers, { jsonParse: false });
    return true;
  } catch (error) {
    return String(error);
  }
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  let line;
  try {
    line = { event: shown(request.headers, body), verified: verified(request.headers, body) };
  } catch (error) {
    line = { error: String(error.stack), body: body.toString("utf-8"), headers: request.headers };
  }
  console.log(JSON.stringify(line));
  response.writeHead(204).end();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
