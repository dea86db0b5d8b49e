import { AppInputsDto } from '../../common/app-inputs.dto.js';
import { IdField, TextField } from '../../common/fields.js';
import { RefusesUnknownFields } from '../../infra/http/server/validation.pipe.js';

const MAX_BODY = 1_048_576;

/** A turn that runs again. What is left out is as in the version that `subtask_id` names. */
@RefusesUnknownFields()
export class NewVersionDto extends AppInputsDto {
  /** A question or an answer of the turn, whichever version; the last turn of the path that is shown when missing */
  @IdField({ optional: true })
  subtask_id?: number;

  /** The edited question; at most 60000 bytes of UTF-8 */
  @TextField({ max: MAX_BODY, optional: true })
  prompt?: string;

  /** Name of another model, in place of the bot's */
  @TextField({ max: 100, optional: true })
  model_id?: string;
}

/** Which version is to be shown. */
@RefusesUnknownFields()
export class ShowVersionDto {
  /** A question or an answer of the version: what was said after it last is shown, too */
  @IdField()
  subtask_id!: number;
}

/** Where a new task branches off. */
@RefusesUnknownFields()
export class BranchDto {
  /** A question or an answer of the last turn that is copied; the last turn of the path that is shown when missing */
  @IdField({ optional: true })
  subtask_id?: number;

  /** That of the task when missing */
  @TextField({ max: 500, optional: true })
  title?: string;
}
