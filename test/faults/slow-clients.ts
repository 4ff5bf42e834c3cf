import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

/** Connections that take a server's patience; all of them end with `close`. */
export class SlowClients {
  readonly #sockets: Socket[] = [];
  readonly #address: { readonly host: string; readonly port: number };
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#address = { host: hostname, port: Number(port) };
  }

  /** Connections that are still open. */
  get open(): number {
    return this.#sockets.filter(({ destroyed }) => !destroyed).length;
  }

  /** Says nothing at all. */
  async idle(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.#connect('');
  }

  /** Sends its head byte by byte and never ends it. */
  async slowHead(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const socket = await this.#connect('POST /logs/ingest HTTP/1.1\r\nHost: x\r\n');
      this.#timers.push(setInterval(() => socket.write('X-A: b\r\n'), 100));
    }
  }

  /** Declares a large body and sends of it a byte now and then. */
  async slowBody(count: number, bytes: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const head = `POST /logs/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`;
      const socket = await this.#connect(head);
      this.#timers.push(setInterval(() => socket.write(' '), 100));
    }
  }

  /** Opens a live stream and reads nothing of it: what a machine does that has lost its network. */
  async deafReader(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const socket = await this.#connect(
        'GET /api/v1/logs/stream?tail=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n',
      );
      socket.pause();
    }
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #connect(said: string): Promise<Socket> {
    const socket = createConnection(this.#address);
    socket.on('error', () => {});
    this.#sockets.push(socket);
    await once(socket, 'connect');
    // Answers are read and thrown away, so that an end of the connection is seen.
    socket.resume();
    socket.write(said);
    return socket;
  }
}
