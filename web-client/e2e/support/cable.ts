/** A cable that can be pulled: a TCP proxy in front of an instance. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Cable {
  private readonly sockets = new Set<Socket>();
  private plugged = true;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(port: number): Promise<Cable> {
    return new Promise((resolve, reject) => {
      let cable: Cable | null = null;
      const server = createServer((near) => cable?.join(near, port));
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const own = typeof address === 'object' && address !== null ? address.port : 0;
        cable = new Cable(server, `http://127.0.0.1:${own}`);
        resolve(cable);
      });
    });
  }

  pull(): void {
    this.plugged = false;
    for (const socket of this.sockets) socket.destroy();
  }

  plugIn(): void {
    this.plugged = true;
  }

  close(): void {
    this.pull();
    this.server.close();
  }

  private join(near: Socket, port: number): void {
    if (!this.plugged) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
