// A receiver of pressed buttons with nothing but Node: it reads what the documents' other samples read, the event's `key`
// with its `meta` and user, and the action's `type`. Prints its URL, then what it read, a line of JSON each.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.argv[2]);

const server = createServer(async (req, res) => {
  let text = "";
  for await (const piece of req) text += piece;
  try {
    webhook.verify(text, req.headers);
    req.body = JSON.parse(text);
    const { key, meta, userId, createdAt } = req.body.event;
    console.log(JSON.stringify({ key, meta, userId, createdAt, type: req.body.action.type, presser: req.body.pressedBy.name }));
    switch (req.body.event.key) {
      case "ban_user":
        return res.writeHead(200).end("banned");
      default:
        return res.writeHead(404, { "content-type": "text/plain" }).end("no such action here");
    }
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
    return res.writeHead(500).end();
  }
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/hook`));
