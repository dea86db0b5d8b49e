import { ApiProblem } from '../../api/api-problem';

/** What a refused request says about one field, if anything. */
export function fieldError(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined;

  return error.fields.find((problem) => problem.field === field || problem.field.startsWith(`${field}.`))?.message;
}
