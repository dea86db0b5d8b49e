import { quiet } from './command.mjs';
import { UserError } from './log.mjs';

/** Files that differ from HEAD, new ones with them, as paths from the root. */
export function changedFiles() {
  return [
    ...lines('diff', '--name-only', '--diff-filter=d', '--relative', 'HEAD'),
    ...lines('ls-files', '--others', '--exclude-standard'),
  ];
}

function lines(...args) {
  const { ok, output } = quiet('git', args);
  if (!ok) throw new UserError(`What has changed is not known: git ${args.join(' ')}: ${output}`);

  return output.split('\n').filter((line) => line !== '');
}
