// The least that Socket.IO needs to be measured: whoever connects joins the room that it names, and
// what a publisher says goes to a room. `ws` with its native helper, without compression.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});

io.on("connection", (socket) => {
  const { channel } = socket.handshake.auth;
  if (channel !== undefined) {
    socket.join(channel);
    socket.emit("joined");
  }
  socket.on("publish", (to, data) => io.to(to).emit("m", data));
});

http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
