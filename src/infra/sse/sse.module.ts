import { Module } from '@nestjs/common';
import { SseConnections } from './sse.js';

/** The open event streams of this process: one instance, whichever features send them. */
@Module({ providers: [SseConnections], exports: [SseConnections] })
export class SseModule {}
