/** During development the pages come from Vite, and what they ask from a server that runs beside it. */
const server = process.env.DISPATCH_HUB_URL ?? 'http://127.0.0.1:8080';

export const proxy = {
  '/api': { target: server },
  '/connection': { target: server, ws: true },
};
