// A receiver of pressed buttons as Operational's documents show one (seed 001): fastify with formbody, reading
// `actionType` and `data`. It verifies the signature beside that. Prints its URL, then what it read, a line of JSON each.
const fastify = require("fastify")();
const { Webhook } = require("standardwebhooks");

const webhook = new Webhook(process.argv[2]);
fastify.register(require("@fastify/formbody"));
fastify.addContentTypeParser("application/json", { parseAs: "string" }, (request, text, done) => {
  request.text = text;
  done(null, JSON.parse(text));
});

fastify.post("/ops/action", async (request, reply) => {
  try {
    const { actionType, data } = request.body;
    const { createdAt } = webhook.verify(request.text, request.headers).event;
    console.log(JSON.stringify({ actionType, data, createdAt, id: request.headers["webhook-id"] }));
    return { status: "success", received: { actionType, data } };
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
    return reply.status(500).send({ status: "error", message: "Internal Server Error" });
  }
});

fastify.listen({ port: 0, host: "127.0.0.1" }).then((address) => console.log(`${address}/ops/action`));
