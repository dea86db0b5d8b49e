import { hostname } from 'node:os';

/** Names this process among all of an installation, for people who look for it: host and process id. */
export const PROCESS_NAME = `${hostname()}:${process.pid}`;
