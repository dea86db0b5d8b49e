import { UserError } from './log.mjs';

const [MAJOR, MINOR] = [20, 19];

/** @throws UserError when Node is too old */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MAJOR || (major === MAJOR && minor >= MINOR)) return;
  throw new UserError(
    `Conch needs Node ${MAJOR}.${MINOR} or newer, this is ${process.versions.node}: see https://nodejs.org`,
  );
}
