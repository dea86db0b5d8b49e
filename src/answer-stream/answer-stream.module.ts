import { Module } from '@nestjs/common';
import { ClaimedLog } from './log/claimed-log.js';
import { LogWriter } from './log/log-writer.js';
import { StreamLog } from './log/stream-log.js';
import { StreamHub } from './readers/stream-hub.js';
import { StreamReader } from './readers/stream-reader.js';

/** The event logs of answers, for all that produces answers, and their readers. */
@Module({
  providers: [StreamLog, ClaimedLog, StreamHub, StreamReader, LogWriter],
  exports: [StreamLog, ClaimedLog, StreamHub, StreamReader, LogWriter],
})
export class AnswerStreamModule {}
