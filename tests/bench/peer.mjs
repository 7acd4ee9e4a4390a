// What a team would write instead: a Node server that runs the same model natively. It listens
// on a free port, prints it, and does no authentication, routing or counting.
import { createServer } from "node:http";
import { InferenceSession, Tensor } from "onnxruntime-node";

const session = await InferenceSession.create(process.argv[2], {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    try {
      const { inputs } = JSON.parse(Buffer.concat(chunks).toString());
      const rows = inputs.features;
      const features = new Tensor("float32", Float32Array.from(rows.flat()), [rows.length, 30]);
      const { probabilities } = await session.run({ features });
      const classes = probabilities.dims[1];
      const outputs = rows.map((_, row) =>
        Array.from(probabilities.data.subarray(row * classes, (row + 1) * classes)),
      );
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ outputs: { probabilities: outputs } }));
    } catch (error) {
      response.statusCode = 400;
      response.end(String(error));
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
