import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { PodProcess } from './pod-process.js';
import { type NodeImage, programOf } from './registry-images.js';

const STATUS_CHANNEL = 3;
/** What the API server speaks, newest first. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** Connections to containers, as `attach` and `exec` of the API server make them. */
export class ChannelSockets {
  private readonly server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  });

  attach(process: PodProcess, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.server.handleUpgrade(request, socket, head, (client) => {
      process.listen((channel, part) => send(client, channel, part));
      client.on('message', (data: Buffer) => {
        if (data[0] === 0) process.write(data.subarray(1));
      });
      void process.exited.then(() => end(client, { status: 'Success' }));
    });
  }

  exec(
    image: NodeImage | undefined,
    command: readonly string[],
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    this.server.handleUpgrade(request, socket, head, (client) => {
      const program = programOf(image, command);
      if (program === null) return;
      if ('missing' in program)
        return end(client, { status: 'Failure', reason: 'InternalError', message: program.missing });
      send(client, 1, Buffer.from(program.output));
      const { exitCode = 0 } = program;
      if (exitCode === 0) return end(client, { status: 'Success' });
      const causes = [{ reason: 'ExitCode', message: String(exitCode) }];
      const message = `command terminated with non-zero exit code: exit status ${exitCode}`;
      end(client, { status: 'Failure', reason: 'NonZeroExitCode', message, details: { causes } });
    });
  }

  close(): void {
    for (const client of this.server.clients) client.terminate();
  }
}

function send(client: WebSocket, channel: number, part: Buffer): void {
  if (client.readyState === client.OPEN) client.send(Buffer.concat([Buffer.of(channel), part]));
}

function end(client: WebSocket, status: object): void {
  send(client, STATUS_CHANNEL, Buffer.from(JSON.stringify({ kind: 'Status', apiVersion: 'v1', ...status })));
  client.close(1000);
}
