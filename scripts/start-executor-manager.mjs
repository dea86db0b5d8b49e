/** npm run start:executor-manager: the executor manager alone; it needs a container engine and the address of the API. */
process.env.ROLES = 'executor-manager';
await import('./start.mjs');
