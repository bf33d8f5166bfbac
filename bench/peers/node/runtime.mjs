// Lambda's runtime API as a loop, with HTTP API events; without Lambda, a plain HTTP server.
import http from "node:http";

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const [host, ...prefix] = process.env.AWS_LAMBDA_RUNTIME_API.replace(/^http:\/\//, "").split(
      "/",
    );
    const [hostname, port] = host.split(":");
    const base = ["", ...prefix, "2018-06-01/runtime/invocation"].join("/");
    const request = http.request(
      { agent, method, hostname, port, path: `${base}/${path}` },
      (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () =>
          resolve({ headers: response.headers, body: Buffer.concat(parts) }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });

const answered = async (handler, headers, body) => {
  try {
    return await handler(headers, body);
  } catch (error) {
    console.error(error.message);
    return [503, { error: "unavailable" }];
  }
};

const loop = async (handler) => {
  for (;;) {
    const next = await call("GET", "next");
    const event = JSON.parse(next.body);
    const body = event.isBase64Encoded ? Buffer.from(event.body, "base64") : event.body;
    const [statusCode, answer] = await answered(handler, event.headers, body);
    const headers = { "content-type": "application/json" };
    const id = next.headers["lambda-runtime-aws-request-id"];
    await call(
      "POST",
      `${id}/response`,
      JSON.stringify({ statusCode, headers, body: JSON.stringify(answer) }),
    );
  }
};

const listen = (handler) => {
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", async () => {
      const [status, answer] = await answered(handler, request.headers, Buffer.concat(parts));
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify(answer));
    });
  });
  server.listen(process.env.PORT ?? 3000, "127.0.0.1", () => {
    console.log(
      JSON.stringify({ message: "listening", address: `127.0.0.1:${server.address().port}` }),
    );
  });
};

/**
 * Serves `handler(headers, body)`, which returns a status and a JSON body, on Lambda or as a
 * server.
 */
export const serve = (handler) =>
  process.env.AWS_LAMBDA_RUNTIME_API ? loop(handler) : listen(handler);
