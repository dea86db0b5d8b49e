import { Get, Query, StreamableFile } from '@nestjs/common';
import { ApiProduces, ApiResponse } from '@nestjs/swagger';
import { Readable } from 'node:stream';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { ApiErrors } from '../../infra/http/server/api-errors.js';
import { ApiController } from '../../infra/http/server/api-replies.js';
import { IdParam } from '../../infra/http/server/id.pipe.js';
import { ExportQuery } from './export.dto.js';
import { ExportService } from './export.service.js';

/** Conversations as files. */
@ApiController('tasks')
export class ExportController {
  constructor(private readonly exports: ExportService) {}

  /** The whole conversation as a file: to read (markdown), as objects (json), or by events (ndjson) */
  @Get(':id/export')
  @ApiProduces('text/markdown', 'application/json', 'application/x-ndjson')
  @ApiResponse({
    status: 200,
    description: 'A file named after the title',
    schema: { type: 'string', format: 'binary' },
  })
  @ApiErrors('not_found')
  async export(
    @CurrentUser() user: AuthUser,
    @IdParam() id: number,
    @Query() query: ExportQuery,
  ): Promise<StreamableFile> {
    const { type, disposition, text } = await this.exports.open(user.id, id, query.format);

    return new StreamableFile(Readable.from(text, { objectMode: false }), { type, disposition });
  }
}
