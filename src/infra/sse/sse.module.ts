import { Module } from '@nestjs/common';
import { SseStreams } from './sse-streams.js';

/** The event streams of this process: one instance for all features. */
@Module({ providers: [SseStreams], exports: [SseStreams] })
export class SseModule {}
