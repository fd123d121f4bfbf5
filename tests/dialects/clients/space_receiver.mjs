// A receiver of Space Cloud's webhooks as its documents show one: takes the CloudEvent, answers with a response and
// with events that follow. Prints its URL, then what it got, a line of JSON each.
import { createServer } from "node:http";

async function body(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return JSON.parse(text);
}

const server = createServer(async (request, answer) => {
  const { specversion, id, type, source, time, data } = await body(request);
  const { authorization, "x-sc-token": token, "content-type": contentType } = request.headers;
  console.log(JSON.stringify({ specversion, id, type, source, time, data, authorization, token, contentType }));
  answer.setHeader("Content-Type", "application/json");
  const said = type === "greeting" ? { response: { hello: data.name }, event: { type: "greeted", payload: data } } : {};
  answer.end(JSON.stringify(said));
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/hook`));
