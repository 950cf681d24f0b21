// Runs the measurements, which are TypeScript, by the build's own compiler.
import { runnerImport } from 'vite';

const { module } = await runnerImport(new URL('./main.ts', import.meta.url).pathname);
await module.main();
