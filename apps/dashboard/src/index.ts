import { fileURLToPath } from 'node:url';

/** The folder of the page's files, for the server that serves them. It is there after `npm run build`. */
export const dashboardRoot: string = fileURLToPath(new URL('public', import.meta.url));
